"""asyncssh as a client of one command; see drivers.ts for the words and the report."""

import asyncio
import json
import os
import sys

import asyncssh


async def connect(host, port, user, key, known_hosts):
    return await asyncssh.connect(
        host,
        int(port),
        username=user,
        client_keys=[key],
        known_hosts=known_hosts,
        config=None,
        agent_path=None,
        login_timeout=20,
    )


async def run(connection, command, data):
    result = await connection.run(command, input=data, encoding=None)
    return result.stdout, result.stderr, result.exit_status, result.exit_signal


async def main():
    *where, times, connections, command = sys.argv[1:]
    data = sys.stdin.buffer.read()
    opened = [await connect(*where) for _ in range(int(connections))]
    first = await run(opened[0], command, data)
    for turn in range(1, int(times)):
        got = await run(opened[turn % len(opened)], command, data)
        if got != first:
            sys.exit(f"run {turn} gave {got!r:.500}, not {first!r:.500}")
    for connection in opened:
        connection.close()
        await connection.wait_closed()
    out, err, status, signal = first
    sys.stdout.buffer.write(out)
    sys.stderr.buffer.write(err)
    report = {"signal": signal[0]} if signal else {"status": status}
    os.write(3, json.dumps(report).encode())


asyncio.run(main())
