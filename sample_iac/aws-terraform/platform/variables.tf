variable "region" {
  type    = string
  default = "eu-west-1"
}

variable "environment" {
  type    = string
  default = "prod"
}

variable "subnet_ids" {
  type = list(string)
}

variable "gate_ami_id" {
  type = string
}

variable "registry" {
  description = "Host of the container registry."
  type        = string
}

variable "dns_access_key" {
  description = "Access key of the account that holds the zone of the old brand."
  type        = string
}

variable "dns_secret_key" {
  type      = string
  sensitive = true
}
