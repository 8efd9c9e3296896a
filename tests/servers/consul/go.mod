module holdfast.tests/consul

go 1.22.0

require github.com/hashicorp/consul v1.20.1
