#!/bin/sh
# What a backend's sshd runs instead of every command: real git and hg for repositories, and for
# `git-upload-pack 'cases/NAME'` a behaviour, played as NAME says. `$0` lies in the world's folder.
world=${0%/*}
asked=$SSH_ORIGINAL_COMMAND

# What stands between the first and the last quote, or is the last word; without leading slashes.
case $asked in
"hg -R "*) path=${asked#hg -R } path=${path% serve --stdio} ;;
*" "*) path=${asked#* } ;;
*) path= ;;
esac
path=${path#\'} path=${path%\'}
while [ "${path#/}" != "$path" ]; do path=${path#/}; done

data() { head -c "$1" "$world/random"; }

play() {
  case $1 in
  # Closes all it has, and ends only later.
  exit-late-*) exec <&- >&- 2>&- && sleep 0.5 && exit "${1#exit-late-}" ;;
  exit-*) exit "${1#exit-}" ;;
  signal-*) kill "-${1#signal-}" $$ && sleep 5 ;;
  # Ends at once with something on both streams and a status.
  word-*) printf 'out %s\n' "${1#word-}" && printf 'err %s\n' "${1#word-}" >&2 && exit 3 ;;
  environment) exec env ;;
  command) printf '%s' "$asked" ;;
  echo) exec cat ;;
  digest) exec sha256sum ;;
    # Both directions at once, neither waiting for the other.
  both-*)
    exec 3<&0
    sha256sum <&3 >&2 &
    data "${1#both-}"
    wait
    ;;
  send-*) data "${1#send-}" ;;
  stderr-*) data "${1#stderr-}" >&2 ;;
  # Blocks of 1 KiB, turn by turn.
  interleaved-*)
    block=0
    while [ $block -lt "${1#interleaved-}" ]; do
      dd if="$world/random" bs=1024 count=1 skip=$block 2>/dev/null
      dd if="$world/random" bs=1024 count=1 skip=$block status=none >&2
      block=$((block + 1))
    done
    ;;
  # Nothing is said before the client has ended its side.
  after-eof-*) cat >"/dev/null" && data "${1#after-eof-}" ;;
  # The client still sends when this reads no more.
  closes-stdin) exec <&- && sleep 0.2 && echo closed && exit 4 ;;
  # The client still reads when this sends no more.
  closes-stdout) echo first && exec >&- && sha256sum >&2 && exit 6 ;;
  reads-late) sleep 1 && exec sha256sum ;;
  reads-slowly)
    {
      for _ in 1 2 3 4 5 6 7 8 9 10; do
        dd bs=65536 count=1 iflag=fullblock status=none
        sleep 0.05
      done
      cat
    } | sha256sum
    ;;
  # Writes for ever; its pid is in a file, so that one can see it end.
  endless-*) echo $$ >"$world/pids/$1" && exec cat /dev/zero ;;
  # Never reads.
  deaf-*) echo $$ >"$world/pids/$1" && echo deaf && exec sleep 60 ;;
  # Waits for the end of its input.
  waiting-*) echo $$ >"$world/pids/$1" && echo waiting && exec cat >/dev/null ;;
  *) echo "no case $1" >&2 && exit 99 ;;
  esac
}

case $asked in
"git-upload-pack "* | "git-receive-pack "* | "git-upload-archive "*)
  case $path in
  cases/*) play "${path#cases/}" ;;
  *) exec "${asked%% *}" "$world/repositories/$path" ;;
  esac
  ;;
"hg -R "*) exec hg -R "$world/repositories/$path" serve --stdio ;;
*) echo "the backend was asked for: $asked" >&2 && exit 98 ;;
esac
