"""Identities, credentials, workloads, stores, grants and trusts, and the flow between them."""
