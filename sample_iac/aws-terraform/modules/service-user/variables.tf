variable "name" {
  description = "Name of the program, without the svc- prefix."
  type        = string
}

variable "policy" {
  description = "Inline policy document, as JSON."
  type        = string
}

variable "create_access_key" {
  description = "Whether to mint an access key for the user."
  type        = bool
  default     = false
}

variable "tags" {
  type    = map(string)
  default = {}
}
