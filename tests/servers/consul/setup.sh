#!/bin/sh
# Builds the Consul that tests start, once for every checkout on this machine, and prints where it
# is. Idempotent. The ordinary Go client takes the version from go.mod and verifies every module
# against go.sum. A Go that is missing is said, and ends this with 3.
set -eu
cd "$(dirname "$0")"
version=1.20.1
# What was built from other modules is another program.
key=$(cat go.mod go.sum | cksum | cut -d ' ' -f 1)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/holdfast
consul=$cache/consul-$version-$key

say() { printf '%s\n' "consul: $*" >&2; }

build() {
  say "building Consul $version into $cache, once; it takes some minutes"
  # To a name of its own, and moved: a build that was cut off is never taken for a program.
  go build -mod=readonly -ldflags='-s -w' -o "$consul.$$" github.com/hashicorp/consul
  "$consul.$$" version | grep -q "v$version"
  mv "$consul.$$" "$consul"
}

if [ ! -x "$consul" ]; then
  # Any Go from 1.21 on fetches the one that Consul asks for.
  if ! go version 2>/dev/null | grep -qE 'go1\.(2[1-9]|[3-9][0-9])'; then
    say "tests on a real Consul are left out; to have them install Go, 1.21 or newer"
    exit 3
  fi
  mkdir -p "$cache"
  # Several tests may ask at once; without flock each builds its own.
  exec 9>"$cache/consul.lock"
  flock 9 2>/dev/null || true
  [ -x "$consul" ] || build
fi
printf '%s\n' "$consul"
