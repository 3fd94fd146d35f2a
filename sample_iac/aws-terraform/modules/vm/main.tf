resource "aws_instance" "this" {
  ami           = var.ami_id
  instance_type = var.instance_type
  subnet_id     = var.subnet_id
  user_data     = var.user_data
  tags          = merge(var.tags, { Name = var.name })

  metadata_options {
    http_tokens = "required"
  }

  root_block_device {
    encrypted = true
  }
}
