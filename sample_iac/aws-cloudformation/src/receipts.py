import os

import boto3

s3 = boto3.client(
    "s3",
    aws_access_key_id=os.environ["RECEIPT_AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["RECEIPT_AWS_SECRET_ACCESS_KEY"],
)


def main(event, context):
    s3.put_object(Bucket=os.environ["RECEIPT_BUCKET"], Key=event["id"], Body=event["text"])
