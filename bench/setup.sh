#!/bin/sh
# Installs and builds the peers of the benchmark, all of them under bench/ but the Debian packages.
# Idempotent: what is there is kept. Without root it says which packages to install, and goes on
# with what it can; a peer that could not be built is left out of the tables, loudly.
set -eu
cd "$(dirname "$0")"
out=$PWD/.generated
mkdir -p "$out"

say() { printf '%s\n' "bench: $*"; }

# package            why
packages='
gcc                  builds load/load.c, the load client
g++                  builds the C++ thrift server
thrift-compiler      generates code from idl/echo.thrift for C++, Go and npm thrift
libthrift-dev        the C++ thrift peer
libevent-dev         its nonblocking server
libboost-dev         headers that its headers include
nghttp2-client       h2load, the load client for gRPC
util-linux           taskset and prlimit: a core each, enough open files
redis-server         a peer of the feed history
postgresql           another
openssh-server       the backend of the SSH proxy
openssh-client       what loads it
libnss-wrapper       lets sshd run without root and without a user of its own
git                  makes the repository that is cloned, serves and clones it
'

installed() { dpkg-query -W -f '${Status}' "$1" 2>/dev/null | grep -q 'ok installed'; }

# Debian starts the servers that it installs, unless this program says no. The benchmark starts
# its own, on free ports.
policy=/usr/sbin/policy-rc.d
policyIsOurs=
startNoServices() {
  [ -e "$policy" ] && return
  policyIsOurs=yes
  trap startServicesAgain EXIT
  printf '#!/bin/sh\nexit 101\n' >"$policy"
  chmod +x "$policy"
}
startServicesAgain() {
  [ -z "$policyIsOurs" ] || rm -f "$policy"
  policyIsOurs=
}

installPackages() {
  missing=$(printf '%s' "$packages" | while read -r name why; do
    [ -z "$name" ] && continue
    installed "$name" || printf '%s ' "$name"
  done)
  if [ -z "$missing" ]; then
    say "Debian packages: all there"
    return
  fi
  printf '%s' "$packages" | while read -r name why; do
    case " $missing " in *" $name "*) [ -n "$name" ] && say "needs $name: $why" ;; esac
  done
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    export DEBIAN_FRONTEND=noninteractive
    apt-get update -qq
    startNoServices
    # shellcheck disable=SC2086 # a list of names
    apt-get install -y -qq --no-install-recommends $missing >/dev/null
    startServicesAgain
  else
    say "not root: please run  sudo apt-get install $missing"
  fi
}

# newer OUTPUT INPUT...: whether OUTPUT is there and newer than every INPUT
newer() {
  output=$1
  shift
  [ -e "$output" ] || return 1
  for input in "$@"; do [ "$input" -nt "$output" ] && return 1; done
  return 0
}

# build NAME OUTPUT FUNCTION INPUT...: runs FUNCTION unless OUTPUT is newer than all INPUTs
build() {
  name=$1 output=$2 function=$3
  shift 3
  if newer "$output" "$@"; then
    say "$name: built"
    return
  fi
  say "$name: building"
  rm -f "$output"
  # A subshell with -e of its own: `if build…` would switch it off.
  set +e
  (set -e; "$function")
  status=$?
  set -e
  [ "$status" = 0 ] || say "$name: FAILED, its rows will be left out"
}

installNpm() {
  if newer node_modules/.package-lock.json package.json package-lock.json; then
    say "npm packages: all there"
  else
    say "npm packages: grpc-js, fastify, moleculer, thrift, pg, better-sqlite3, cockatiel," \
      "opossum, ssh2"
    npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
    touch node_modules/.package-lock.json
  fi
}

buildLoad() {
  gcc -O2 -Wall -Wextra -o "$out/load" load/load.c load/request.c load/reply.c load/history.c \
    load/idle.c -lm
}

# SQLite for the repository's Node, whose npm package brings the headers too.
buildSqlite() {
  node=$PWD/../node_modules
  headers=$(echo "$node"/node-linux-*)
  PATH=$node/.bin:$PATH npm_config_build_from_source=true npm_config_nodedir=$headers \
    npm rebuild better-sqlite3 --loglevel=error >/dev/null
}

# ssh2's addon for the repository's Node. As it is published it does not compile for Node 26, whose
# V8 has no Context::GetIsolate; what replaces it gives the same.
buildSsh2() {
  node=$PWD/../node_modules
  headers=$(echo "$node"/node-linux-*)
  sed -i 's/context->GetIsolate()/v8::Isolate::GetCurrent()/' \
    node_modules/ssh2/lib/protocol/crypto/src/binding.cc
  PATH=$node/.bin:$PATH npm_config_nodedir=$headers npm rebuild ssh2 --loglevel=error >/dev/null
  # It takes its own failure for a success.
  [ -e node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node ]
}

buildSshLoad() { (cd ssh-proxy && go build -mod=readonly -o "$out/ssh-load" ./load); }

buildSshGoProxy() { (cd ssh-proxy && go build -mod=readonly -o "$out/ssh-go-proxy" ./peers/go); }

buildEchoServer() { gcc -O2 -Wall -Wextra -o "$out/echo-server" load/echo-server.c; }

buildNpmThrift() {
  mkdir -p "$out/npm-thrift"
  echo '{ "type": "commonjs" }' >"$out/npm-thrift/package.json"
  thrift --gen js:node -out "$out/npm-thrift" idl/echo.thrift
}

buildCpp() {
  mkdir -p "$out/cpp-thrift"
  thrift --gen cpp -out "$out/cpp-thrift" idl/echo.thrift
  g++ -O2 -w -I"$out/cpp-thrift" -o "$out/cpp-server" peers/cpp-thrift/server.cpp \
    "$out/cpp-thrift/Echo.cpp" "$out/cpp-thrift/echo_types.cpp" \
    -lthriftnb -lthrift -levent -lpthread
}

buildGoThrift() {
  module=holdfast.bench/go-thrift
  rm -rf "$out/go-thrift"
  mkdir -p "$out/go-thrift/gen"
  cp peers/go-thrift/* "$out/go-thrift/"
  thrift --gen "go:package_prefix=$module/gen/" -out "$out/go-thrift/gen" idl/echo.thrift
  (cd "$out/go-thrift" && go build -mod=readonly -o "$out/go-server" .)
}

# Kitex's generator comes out of the same go.mod as Kitex. checklinkname=0: dynamicgo, which it
# links, reaches into encoding/json, and Go has refused that by default since 1.23.
buildKitex() {
  rm -rf "$out/kitex"
  mkdir -p "$out/kitex"
  cp -r peers/kitex/* "$out/kitex/"
  cd "$out/kitex"
  go build -mod=readonly -o "$out/tools/kitex" github.com/cloudwego/kitex/tool/cmd/kitex
  "$out/tools/kitex" -module holdfast.bench/kitex "$OLDPWD/idl/echo.thrift"
  go build -mod=readonly -ldflags=-checklinkname=0 -o "$out/kitex-client" ./client
  go build -mod=readonly -ldflags=-checklinkname=0 -o "$out/kitex-server" ./server
}

installPackages
installNpm
command -v go >/dev/null ||
  say "no go: the Go peers will be left out; any Go from 1.21 fetches the one it needs"
build "load client" "$out/load" buildLoad load/*.c load/*.h
build "echo server" "$out/echo-server" buildEchoServer load/echo-server.c
build "better-sqlite3" node_modules/better-sqlite3/build/Release/better_sqlite3.node buildSqlite \
  node_modules/better-sqlite3/package.json
build "npm thrift code" "$out/npm-thrift/Echo.js" buildNpmThrift idl/echo.thrift
build "C++ thrift server" "$out/cpp-server" buildCpp idl/echo.thrift peers/cpp-thrift/server.cpp
build "Go thrift server" "$out/go-server" buildGoThrift idl/echo.thrift peers/go-thrift/*
build "Kitex server and client" "$out/kitex-server" buildKitex idl/echo.thrift peers/kitex/go.* \
  peers/kitex/*/*.go
build "ssh2's addon" node_modules/ssh2/lib/protocol/crypto/build/Release/sshcrypto.node buildSsh2 \
  node_modules/ssh2/package.json
build "SSH load client" "$out/ssh-load" buildSshLoad ssh-proxy/go.* ssh-proxy/load/*
build "SSH proxy in Go" "$out/ssh-go-proxy" buildSshGoProxy ssh-proxy/go.* ssh-proxy/peers/go/*
say "ready: node bench/rpc.ts, node bench/feed-history.ts, node bench/policies.ts," \
  "node bench/ssh-proxy.ts"
