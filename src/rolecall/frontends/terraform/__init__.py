"""Terraform: modules, expressions and what calls put into them."""
