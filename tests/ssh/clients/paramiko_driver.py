"""paramiko as a client of one command; see drivers.ts for the words and the report."""

import json
import os
import sys
import threading

import paramiko


def connect(host, port, user, key, known_hosts):
    client = paramiko.SSHClient()
    client.load_host_keys(known_hosts)
    client.set_missing_host_key_policy(paramiko.RejectPolicy())
    client.connect(
        host, port, user, key_filename=key, look_for_keys=False, allow_agent=False, timeout=20
    )
    return client


def pump(read, write):
    while True:
        piece = read(32768)
        if not piece:
            return
        write(piece)


def feed(channel, data):
    try:
        channel.sendall(data)
        channel.shutdown_write()
    except OSError:
        # The command ended before it had read everything.
        pass


def run(client, command, data):
    channel = client.get_transport().open_session(timeout=20)
    channel.exec_command(command)
    out, err = bytearray(), bytearray()
    threads = [
        threading.Thread(target=feed, args=(channel, data)),
        threading.Thread(target=pump, args=(channel.recv, out.extend)),
        threading.Thread(target=pump, args=(channel.recv_stderr, err.extend)),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    status = channel.recv_exit_status()
    channel.close()
    return bytes(out), bytes(err), status


def main():
    host, port, user, key, known_hosts, times, connections, command = sys.argv[1:]
    data = sys.stdin.buffer.read()
    clients = [connect(host, int(port), user, key, known_hosts) for _ in range(int(connections))]
    first = run(clients[0], command, data)
    for turn in range(1, int(times)):
        got = run(clients[turn % len(clients)], command, data)
        if got != first:
            sys.exit(f"run {turn} gave {got!r:.500}, not {first!r:.500}")
    for client in clients:
        client.close()
    out, err, status = first
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    # -1: it ended by a signal, or the server did not say.
    os.write(3, json.dumps({"status": status} if status >= 0 else {}).encode())


main()
