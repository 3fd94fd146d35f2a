"""The checks that rolecall runs, one file each.  The list is explicit: a test says that no file is missing from it."""
