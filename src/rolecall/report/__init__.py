"""What was found and planned, for people and for programs."""
