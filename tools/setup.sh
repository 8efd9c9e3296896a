#!/bin/sh
# The system packages that tests need beyond Node: installed when they are missing, each with its
# reason. With nothing missing it says nothing and takes a moment. Without root it says what to
# install and goes on; the tests that need it then say that they were left out.
set -eu
cd "$(dirname "$0")/.."
cache=$PWD/.cache

say() { printf '%s\n' "setup: $*"; }

# package            why
packages='
g++                  builds the C++ programs that call us and that we call
libthrift-dev        Apache Thrift for C++, one of the referees of our wire format
libboost-dev         headers that its headers include
libevent-dev         its nonblocking server
thrift-compiler      generates the code of the referees from our IDL files
golang-thrift-dev    Apache Thrift for Go, a referee
python3-thrift       Apache Thrift for Python, a referee
openssl              makes the certificates of the TLS tests
git                  the client and the server whose traffic ssh-proxy carries
mercurial            the same, the other one
openssh-client       ssh, scp, sftp and ssh-keygen, for the tests of ssh-proxy
putty-tools          plink and puttygen, another client of ssh-proxy
dropbear-bin         dbclient, another one; starts no server
python3-paramiko     another one
python3-asyncssh     another one
ssh-audit            says which algorithms of ssh-proxy are weak
libnss-wrapper       a user database of its own for the sshd of tests, which then needs no root
libwrap0             sshd is linked with it
'

missing() {
  printf '%s' "$packages" | while read -r name why; do
    [ -z "$name" ] || dpkg -s "$name" >/dev/null 2>&1 || printf '%s ' "$name"
  done
  # Any Go will do, and one that was installed by hand is newer than the package.
  command -v go >/dev/null || dpkg -s golang-go >/dev/null 2>&1 || printf 'golang-go '
}

reasonOf() {
  [ "$1" = golang-go ] && echo "builds the Go programs that call us and that we call, and Consul"
  printf '%s' "$packages" | while read -r name why; do
    [ "$name" = "$1" ] && echo "$why"
  done
}

# apt COMMAND...: with the package lists as they are, and again with new ones if that fails.
apt() {
  export DEBIAN_FRONTEND=noninteractive
  apt-get -qq "$@" >/dev/null 2>&1 && return
  [ "$(id -u)" != 0 ] || apt-get -qq update >/dev/null || true
  apt-get -qq "$@" >/dev/null
}

installPackages() {
  wanted=$(missing)
  [ -n "$wanted" ] || return 0
  for name in $wanted; do say "needs $name: $(reasonOf "$name")"; done
  if [ "$(id -u)" != 0 ]; then
    say "not root, so please run:  sudo apt-get install $wanted"
    return
  fi
  say "installing them"
  # shellcheck disable=SC2086 # a list of names
  apt install -y --no-install-recommends $wanted || say "could not install all of them"
}

# unpackProgram PROGRAM PACKAGE PATH WHY: the package would start a server on this machine; only one
# program of it is wanted, so only that is taken out.
unpackProgram() {
  [ ! -x "$cache/bin/$1" ] && ! command -v "$1" >/dev/null || return 0
  say "needs $1, $4: into .cache/bin"
  rm -rf "$cache/$2"
  mkdir -p "$cache/$2" "$cache/bin"
  # apt gives up its rights while it downloads, and must still be able to write here.
  if (cd "$cache/$2" && apt download -o APT::Sandbox::User=root "$2") &&
    dpkg-deb -x "$cache/$2/$2"_*.deb "$cache/$2"; then
    mv "$cache/$2/$3" "$cache/bin/$1"
  else
    say "could not download it"
  fi
  rm -rf "${cache:?}/$2"
}

# The same for sshd, which is several programs from OpenSSH 9.8 on.
unpackSshd() {
  [ ! -x "$cache/openssh/sshd" ] || return 0
  say "needs sshd, the backends of ssh-proxy's tests: into .cache/openssh"
  rm -rf "$cache/openssh-server"
  mkdir -p "$cache/openssh-server/unpacked" "$cache/openssh"
  if (cd "$cache/openssh-server" && apt download -o APT::Sandbox::User=root openssh-server) &&
    dpkg-deb -x "$cache"/openssh-server/openssh-server_*.deb "$cache/openssh-server/unpacked"; then
    # The main program last: where it is, all are.
    for path in lib/openssh/sshd-session lib/openssh/sshd-auth sbin/sshd; do
      path=$cache/openssh-server/unpacked/usr/$path
      [ ! -e "$path" ] || mv "$path" "$cache/openssh/"
    done
  else
    say "could not download it"
  fi
  rm -rf "$cache/openssh-server"
}

if command -v dpkg >/dev/null && command -v apt-get >/dev/null; then
  installPackages
  unpackProgram promtool prometheus usr/bin/promtool "Prometheus' own checker of the metrics page"
  unpackProgram etcd etcd-server usr/bin/etcd "the store of live configuration, for its tests"
  unpackSshd
else
  say "not a Debian system; where they are missing, tests are left out that need these:"
  printf '%s' "$packages"
fi

# What no package has, for every checkout on this machine. Without a Go it says so.
sh tests/servers/consul/setup.sh >/dev/null || [ $? = 3 ] || say "could not build Consul"
