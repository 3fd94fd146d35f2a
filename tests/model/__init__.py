"""The model: flows, natures, what is found and what is not."""
