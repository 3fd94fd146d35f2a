variable "namespace" {
  type    = string
  default = "berths-prod"
}

variable "cluster_name" {
  type    = string
  default = "northquay"
}
