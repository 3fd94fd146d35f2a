"""The version of this package, and of what its cache holds."""

VERSION = "0.1.0"
