"""Measurements against the budgets: `python -m bench`, or `make bench`.  Never part of the tests."""
