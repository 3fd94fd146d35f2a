"""Writes one invoice per booking into the bucket."""

import os

import boto3

s3 = boto3.client(
    "s3",
    aws_access_key_id=os.environ["INVOICE_AWS_ACCESS_KEY_ID"],
    aws_secret_access_key=os.environ["INVOICE_AWS_SECRET_KEY"],
)


def main(event, context):
    for booking in event["bookings"]:
        s3.put_object(
            Bucket=os.environ["INVOICE_BUCKET"],
            Key=f"{booking['customer']}/{booking['id']}.pdf",
            Body=bytes.fromhex(booking["pdf"]),
        )
    return {"written": len(event["bookings"])}
