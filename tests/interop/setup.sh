#!/bin/sh
# Builds the programs that the tests here call and are called by, into .generated and
# node_modules. Idempotent: what is newer than its sources is kept. `setup.sh [PEER…]`, all without.
# A toolchain that is missing is said, and ends this with 3 after the other peers.
set -eu
cd "$(dirname "$0")"
out=$PWD/.generated
idl=$out/thrift_test.thrift
status=0
mkdir -p "$out"

say() { printf '%s\n' "interop: $*"; }

# needs PEER PACKAGES COMMAND…: whether COMMAND, which looks for a toolchain, succeeds
needs() {
  peer=$1 names=$2
  shift 2
  "$@" >/dev/null 2>&1 && return 0
  say "the $peer peer is left out; to have it:  sudo apt-get install $names"
  status=3
  return 1
}

# newer OUTPUT INPUT…: whether OUTPUT is there and newer than every INPUT
newer() {
  output=$1
  shift
  [ -e "$output" ] || return 1
  for input in "$@"; do [ "$input" -nt "$output" ] && return 1; done
  return 0
}

# build PEER OUTPUT FUNCTION INPUT…: runs FUNCTION unless OUTPUT is newer than all INPUTs
build() {
  peer=$1 output=$2 function=$3
  shift 3
  newer "$output" "$@" && return
  say "building the $peer peer"
  rm -f "$output"
  "$function"
  touch "$output"
}

# Debian 12's compiler is older than the type uuid.
makeIdl() {
  newer "$idl" idl/thrift_test.thrift && return
  grep -v uuid idl/thrift_test.thrift >"$idl.$$"
  mv "$idl.$$" "$idl"
}

buildPython() {
  rm -rf "$out/python"
  mkdir -p "$out/python"
  thrift --gen py -out "$out/python" "$idl"
}

setupPython() {
  needs python "thrift-compiler python3-thrift" \
    sh -c 'thrift --version && /usr/bin/python3 -c "import thrift"' || return 0
  build python "$out/python/built" buildPython setup.sh "$idl"
}

buildCpp() {
  rm -rf "$out/cpp"
  mkdir -p "$out/cpp"
  thrift --gen cpp:no_skeleton -out "$out/cpp" "$idl"
  # -O0: it is built once for every few calls.
  g++ -std=c++17 -w -I"$out/cpp" -o "$out/cpp-peer" peers/cpp/peer.cpp "$out"/cpp/*.cpp \
    -lthriftnb -lthrift -levent -lpthread
}

setupCpp() {
  needs "C++" "g++ thrift-compiler libthrift-dev libboost-dev libevent-dev" sh -c \
    'g++ --version && thrift --version && cd /usr/include && ls thrift/Thrift.h event.h boost' ||
    return 0
  build "C++" "$out/cpp-peer" buildCpp setup.sh "$idl" peers/cpp/*
}

installNpm() {
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
}

# Debian's compiler knows no uuid, npm's thrift does: that of a string, with other words.
buildNpm() {
  rm -rf "$out/npm-thrift"
  mkdir -p "$out/npm-thrift"
  sed 's/uuid \(testUuid\)(1: uuid/string \1(1: string/' idl/thrift_test.thrift \
    >"$out/npm-thrift/thrift_test.thrift"
  thrift --gen js:node,es6 -out "$out/npm-thrift" "$out/npm-thrift/thrift_test.thrift"
  sed -i '/testUuid_args = class/,/testStruct_args = class/ {
    s/Type.STRING/Type.UUID/
    s/\(read\|write\)String/\1Uuid/
  }' "$out/npm-thrift/ThriftTest.js"
  echo '{ "type": "commonjs" }' >"$out/npm-thrift/package.json"
}

setupNpm() {
  needs "npm thrift" "thrift-compiler npm" sh -c 'thrift --version && npm --version' || return 0
  build "npm thrift" node_modules/.package-lock.json installNpm package.json package-lock.json
  build "npm thrift" "$out/npm-thrift/ThriftTest.js" buildNpm setup.sh "$idl"
}

# layOutGo FOLDER PEER: what the Go peers share beside what is PEER's own.
layOutGo() {
  mkdir -p "$1/gen"
  cp peers/go/* "peers/$2"/* "$1/"
}

# Debian packages Go libraries for GOPATH. Under its own name the IDL becomes a file that Go takes
# for a test.
buildGo() {
  package=$out/go-thrift/src/holdfast.interop/peer
  rm -rf "$out/go-thrift"
  layOutGo "$package" go-thrift
  cp "$idl" "$out/go-thrift/thrifttest.thrift"
  thrift --gen go:package_prefix=holdfast.interop/peer/gen/,skip_remote -out "$package/gen" \
    "$out/go-thrift/thrifttest.thrift"
  GO111MODULE=off GOPATH=$out/go-thrift:$debianGo go build -o "$out/go-peer" holdfast.interop/peer
}

setupGo() {
  debianGo=/usr/share/gocode
  needs "Go thrift" "golang-go golang-thrift-dev thrift-compiler" sh -c \
    "thrift --version && go version && ls $debianGo/src/github.com/apache/thrift/lib/go" || return 0
  build "Go thrift" "$out/go-peer" buildGo setup.sh "$idl" peers/go/* peers/go-thrift/*
}

# Kitex's generator comes out of the same go.mod as Kitex. checklinkname=0: dynamicgo, which it
# links, reaches into encoding/json, and Go has refused that by default since 1.23.
buildKitex() {
  rm -rf "$out/kitex"
  layOutGo "$out/kitex" kitex
  cd "$out/kitex"
  go build -mod=readonly -o "$out/tools/kitex" github.com/cloudwego/kitex/tool/cmd/kitex
  "$out/tools/kitex" -module holdfast.interop/peer -gen-path gen "$idl" 2>/dev/null
  go build -mod=readonly -ldflags=-checklinkname=0 -o "$out/kitex-peer" .
  cd "$OLDPWD"
}

setupKitex() {
  # Any Go from 1.21 on fetches the one that go.mod asks for.
  needs Kitex "golang-go (1.21 or newer)" \
    sh -c 'go version | grep -E "go1\.(2[1-9]|[3-9][0-9])"' || return 0
  build Kitex "$out/kitex-peer" buildKitex setup.sh "$idl" peers/go/* peers/kitex/*
}

makeIdl
for peer in ${*:-python cpp npm go kitex}; do
  case $peer in
  python) setupPython ;;
  cpp) setupCpp ;;
  npm) setupNpm ;;
  go) setupGo ;;
  kitex) setupKitex ;;
  *) say "no peer $peer" && exit 2 ;;
  esac
done
exit "$status"
