"""What logs and reports of the clouds say of how identities and keys are used: read from a folder of the user's own.

`read(folder)` in `rolecall.evidence.folder` answers with an `Evidence` (`rolecall.evidence.facts`).
"""
