// The Go peer and the load client of ssh-proxy.ts. x/crypto in the version that Debian 12 packages
// (golang-golang-x-crypto-dev 1:0.4.0-1).
module holdfast.bench/ssh-proxy

go 1.19

require golang.org/x/crypto v0.4.0

require golang.org/x/sys v0.3.0 // indirect
