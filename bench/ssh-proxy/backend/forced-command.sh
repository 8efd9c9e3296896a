#!/bin/sh
# What the sshd of the benchmark runs instead of every command: `git-upload-pack PATH`, where the
# last part of PATH says what is wanted, so that also a proxy that takes nothing but git passes it.
# `forced-command.sh FOLDER`, with the asked command in SSH_ORIGINAL_COMMAND.
case $SSH_ORIGINAL_COMMAND in
git-upload-pack\ * | git\ upload-pack\ *) ;;
*)
  echo "not a command of the benchmark: $SSH_ORIGINAL_COMMAND" >&2
  exit 127
  ;;
esac
path=${SSH_ORIGINAL_COMMAND#*upload-pack }
path=${path#\'}
path=${path%\'}
name=${path##*/}
name=${name%.git}
case $name in
true) exit 0 ;;
# Words on both outputs and a status of its own: whether a peer passes all of it on.
words)
  echo said
  echo complained >&2
  exit 7
  ;;
cat) exec cat ;;
count) exec wc -c ;;
zero-*) exec head -c "${name#zero-}" /dev/zero ;;
endless-*)
  echo "$$" >"$1/pids/${name#endless-}"
  exec head -c 100G /dev/zero
  ;;
repository) exec git-upload-pack "$1/repository.git" ;;
*)
  echo "no such work: $name" >&2
  exit 127
  ;;
esac
