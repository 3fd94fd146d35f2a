"""Bytes, spans and trees of HCL, YAML and JSON; edits of them, and diffs."""
