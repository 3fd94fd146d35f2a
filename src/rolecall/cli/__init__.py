"""The command line: thin commands over one analysis or one plan."""
