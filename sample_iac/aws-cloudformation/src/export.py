import os

import boto3


def main(event, context):
    pages = boto3.client("s3").get_paginator("list_objects_v2").paginate(Bucket=os.environ["RECEIPT_BUCKET"])
    return {"receipts": sum(page["KeyCount"] for page in pages)}
