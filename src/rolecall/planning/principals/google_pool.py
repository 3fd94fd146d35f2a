"""What has to be known before a new workload identity pool is made, and what its condition waits for.

A pool that is deleted keeps its id for 30 days:
https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers
"""

from __future__ import annotations

from rolecall.planning.case import Case
from rolecall.planning.migration import Handover
from rolecall.planning.move import Move

POOL = "google_iam_workload_identity_pool"


def new_pool(case: Case, move: Move, name: str, origin: str, of_what: str) -> None:
    """Says what to look at before a pool of a name is made.  `origin` is the input whose value the provider's condition
    asks tokens for ("" where the code has that), `of_what` what belongs into it.
    """
    pool = name.replace("_", "-")
    move.needs["expand"].append(
        f"the project has no workload identity pool {pool}, and none that was deleted in the last 30 days: gcloud iam "
        "workload-identity-pools list --location global --show-deleted; where it has one, import it first: terraform "
        f"import {POOL}.{name} projects/PROJECT/locations/global/workloadIdentityPools/{pool}"
    )
    if origin:
        move.hold(
            f"{of_what} is not in the code, and the provider lets nobody in before it is",
            Handover(
                f"set {origin}: {of_what}",
                case.folder or ".",
                "the owner of the pipeline",
                f"gcloud iam workload-identity-pools providers list --workload-identity-pool {pool} --location global "
                "--format='value(attributeCondition)'",
                "the condition names it",
            ),
        )
