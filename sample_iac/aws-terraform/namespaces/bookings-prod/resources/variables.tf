variable "namespace" {
  type    = string
  default = "bookings-prod"
}

variable "cluster_name" {
  type    = string
  default = "northquay"
}
