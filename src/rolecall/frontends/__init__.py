"""One shape for a declaration in any language."""
