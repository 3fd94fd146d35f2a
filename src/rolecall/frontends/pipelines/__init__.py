"""CI systems: their jobs and steps, and what the commands of these do."""
