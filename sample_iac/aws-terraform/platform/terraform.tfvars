environment = "prod"
subnet_ids  = ["subnet-0a1b2c3d4e5f60718", "subnet-0b2c3d4e5f6071829"]
gate_ami_id = "ami-0123456789abcdef0"
registry    = "123456789012.dkr.ecr.eu-west-1.amazonaws.com"
