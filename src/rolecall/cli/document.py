"""The document that `rolecall plan` wrote, read again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from rolecall.cli.failure import Failure

_MAX_PLAN_BYTES = 512 * 1024 * 1024


def load(path: Path) -> dict[str, Any]:
    """What a plan folder's plan.json, or that file itself, holds.  Raises Failure."""
    file = path / "plan.json" if path.is_dir() else path
    try:
        if file.stat().st_size > _MAX_PLAN_BYTES:
            raise Failure(f"{file}: too large for a plan")
        data = json.loads(file.read_bytes())
    except OSError as error:
        raise Failure(f"{file}: {error.strerror or error}") from None
    except json.JSONDecodeError as error:
        raise Failure(f"{file}:{error.lineno}: not a plan: {error.msg}") from None
    except (UnicodeDecodeError, RecursionError):
        raise Failure(f"{file}: not a plan") from None
    if not isinstance(data, dict):
        raise Failure(f"{file}: not a plan")
    return data
