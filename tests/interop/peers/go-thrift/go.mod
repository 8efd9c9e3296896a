// Apache's Go thrift in the version that Debian 12 packages (golang-thrift-dev 0.17.0).
module holdfast.interop/peer

go 1.19

require github.com/apache/thrift v0.17.0
