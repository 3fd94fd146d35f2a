locals {
  yes      = true
  no       = false
  name     = "bob"
  number   = 42
  nothing  = null
  numbers  = [4, 2, 9]
  list     = ["a", "b", "c"]
  map      = { b = "2", a = "1" }
  template = "hello $${name}"
  users = [
    { name = "ann", team = "x", admin = true, tags = { x = "1", y = "2" } },
    { name = "bob", team = "y", admin = false, tags = { x = "3" } },
    { name = "cyd", team = "x", admin = true, tags = { x = "4" } },
  ]
  nested = [{ items = [{ id = 1 }, { id = 2 }] }, { items = [{ id = 3 }] }]

  heredoc                = <<EOT
  first ${local.name}
    second "quoted" \n
# no comment // either
EOT
  indented               = <<-EOT
    one
      two ${local.name}
    three
    EOT
  indented_blank         = <<-EOT
      one

    two
   
      three
  EOT
  indented_for           = <<-EOT
    %{ for x in local.list ~}
    item ${x}
    %{ endfor ~}
    end
  EOT
  stripped               = <<-EOT
    a
    ${~ local.name ~}
    b
  EOT
  flush                  = <<EOT
    a
  ${local.name} b
EOT
  json                   = <<-EOT
    {
      "Version": "2012-10-17",
      "Statement": [{"Effect": "Allow", "Resource": ["${local.name}", "*"], "n": ${local.number}}]
    }
  EOT
  escapes                = <<EOT
$${x} %%{ if } $ % $$ \u00e9 "
EOT
  crlf_free              = <<-EOT
	tabbed
	  more
	EOT
  empty                  = <<EOT
EOT
  for_lines              = <<EOT
%{ for i, x in local.list }
${i}: ${x}
%{ endfor }
EOT
  if_lines               = <<EOT
%{ if local.yes ~}
  yes
%{ else ~}
  no
%{ endif ~}
%{ if local.no }never%{ endif }
EOT
  indented_interpolation = <<-EOT
    ${local.name} first
      ${local.name}
    ${jsonencode({ a = local.list })}
  EOT
  tabs                   = <<-EOT
	  mixed
	    tabs
	EOT
}
