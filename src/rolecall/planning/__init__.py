"""Migrations: what changes, in which phase, and the proof that it may."""
