"""CloudFormation and SAM: templates, their functions and conditions."""
