"""Keys of Object Storage's S3-compatible API, which knows no principals (recipe OCI-07).

https://docs.oracle.com/en-us/iaas/Content/Object/Tasks/s3compatibleapi.htm
"""

from __future__ import annotations

from rolecall.planning.case import Use
from rolecall.planning.migration import Handover


def speaks_s3(use: Use) -> tuple[str, Handover]:
    """Why a key of the S3-compatible API does not leave by a patch, and what there is to do."""
    address = use.workload.site.address
    return (
        f"{address} uses the S3-compatible API, which takes a user's keys only; whether it can call the native one is "
        "in its own code",
        Handover(
            "release code that calls the native API of Object Storage and signs with the principal, then take the key "
            "out of the configuration; what speaks S3 only keeps the key: of a user for it alone, who may use its "
            "bucket alone (where target.bucket.name = 'BUCKET'), renewed every 90 days",
            address,
            "the owner of the application",
            "oci iam customer-secret-key list --user-id USER_OCID",
            "the bucket's requests are those of the principal, and the key is not used any more",
        ),
    )
