variable "name" {
  type = string
}

variable "handler" {
  type    = string
  default = "handler.main"
}

variable "source_dir" {
  description = "Folder that is zipped and uploaded."
  type        = string
}

variable "environment" {
  description = "Environment variables of the function."
  type        = map(string)
  default     = {}
}

variable "tags" {
  type    = map(string)
  default = {}
}
