"""Non-human identities of infrastructure code that rest on static keys, and the patches that move them to roles."""
