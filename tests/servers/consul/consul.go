//go:build servers

// Names the program that setup.sh builds, so that go.mod keeps all that it needs.
package servers

import _ "github.com/hashicorp/consul"
