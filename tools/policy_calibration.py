"""What the policy engine says of AWS's own managed policies: `python tools/policy_calibration.py [NAME …]`.

Prints how many policies are at most as bad as each severity, then what each idea contributes; with names, every
verdict on those.  The policies are those that moto brings along; service-linked ones are left out, since they cannot be
attached to a role of one's own.
"""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from rolecall.model.finding import RANK, SEVERITIES
from rolecall.policy.holdings import of_document
from rolecall.policy.judgement import Verdict, judge

sys.path.insert(0, str(Path(__file__).parent))
from managed_policies import document, policies

#: Policies that belong to a service's own role.
SERVICE_LINKED = "/aws-service-role/"


def calibration() -> Iterator[tuple[str, tuple[Verdict, ...]]]:
    """Each policy that can be attached, with its verdicts, worst first."""
    for name, policy in policies().items():
        if policy["Path"] != SERVICE_LINKED:
            verdicts = judge(of_document(document(policy)))
            yield name, tuple(sorted(verdicts, key=lambda verdict: -RANK[verdict.severity]))


def main() -> int:
    told = dict(calibration())
    worst = Counter(verdicts[0].severity if verdicts else "none" for verdicts in told.values())
    ideas = Counter((verdict.idea, verdict.severity) for verdicts in told.values() for verdict in verdicts)
    columns = (*SEVERITIES, "none")
    print(f"{'policies':12}" + "".join(f"{worst[column]:>10}" for column in columns))
    print(f"{'':12}" + "".join(f"{column:>10}" for column in columns))
    for idea in sorted({idea for idea, _ in ideas}):
        print(f"{idea:12}" + "".join(f"{ideas[idea, severity]:>10}" for severity in SEVERITIES))
    for name in sys.argv[1:]:
        for verdict in told.get(name, ()):
            print(f"{name}: {verdict.severity}: {verdict.says}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
