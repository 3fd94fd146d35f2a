"""What ends a command with a message and a status."""

from __future__ import annotations


class Failure(Exception):
    """`str()` is the message after "error: "; `status` the exit status, 2 unless said otherwise."""

    def __init__(self, message: str, status: int = 2) -> None:
        super().__init__(message)
        self.status = status
