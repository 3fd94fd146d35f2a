"""What each resource type means, as data: one TOML table for each."""
