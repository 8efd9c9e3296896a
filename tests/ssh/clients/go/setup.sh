#!/bin/sh
# Builds the Go client into .generated when it is older than its sources, and prints where it is.
# Every module is verified against go.sum. A Go that is missing is said, and ends this with 3.
set -eu
cd "$(dirname "$0")"
program=$PWD/.generated/client

if ! go version 2>/dev/null | grep -qE 'go1\.(2[1-9]|[3-9][0-9])'; then
  echo "the Go client of the SSH tests is left out; to have it install Go, 1.21 or newer" >&2
  exit 3
fi
mkdir -p .generated
# Several test files may ask at once.
exec 9>.generated/lock
flock 9 2>/dev/null || true
for source in setup.sh client.go go.mod go.sum; do
  [ "$program" -nt "$source" ] || rm -f "$program"
done
if [ ! -x "$program" ]; then
  go build -mod=readonly -o "$program.$$" . >&2
  mv "$program.$$" "$program"
fi
printf '%s\n' "$program"
