terraform {
  required_version = ">= 1.5"

  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = "~> 5.40"
    }

    archive = {
      source  = "hashicorp/archive"
      version = "~> 2.4"
    }
  }

  backend "s3" {
    bucket         = "northquay-terraform-state"
    key            = "platform.tfstate"
    region         = "eu-west-1"
    dynamodb_table = "terraform-locks"
    encrypt        = true
    access_key     = "AKIAIOSFODNN7EXAMPLE"
    secret_key     = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
  }
}

provider "aws" {
  region = var.region

  default_tags {
    tags = local.tags
  }
}

# The zone of the old brand lives in the account that came with the acquisition.
provider "aws" {
  alias      = "dns"
  region     = "eu-west-1"
  access_key = var.dns_access_key
  secret_key = var.dns_secret_key
}
