"""From an image to the code in it: what builds it, what its Dockerfile puts into it, and what of that runs."""
