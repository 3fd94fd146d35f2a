"""One analysis from start to end: files found, units read, fragments linked, checks run, suppressions obeyed."""
