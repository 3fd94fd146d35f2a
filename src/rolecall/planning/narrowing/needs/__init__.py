"""What a program calls, told from its code."""
