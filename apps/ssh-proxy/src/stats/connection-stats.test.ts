import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatsRegistry } from "holdfast";
import { END_REASONS, type EndReason, type ForensicEvent } from "../forensic/forensic-event.ts";
import { ConnectionStats } from "./connection-stats.ts";
import { ProxyStats, SESSION_VERBS } from "./proxy-stats.ts";

const ACCEPT: ForensicEvent = { event: "accept", addr: "10.0.0.7:5" };
const KEX: ForensicEvent = {
  event: "kex",
  kex: "curve25519-sha256",
  hostKey: "ssh-ed25519",
  cipherIn: "aes128-gcm@openssh.com",
  cipherOut: "aes128-gcm@openssh.com",
  strictKex: true,
  sinceAcceptMs: 12,
};
const EXEC: ForensicEvent = { event: "exec", channel: 1, command: "git-upload-pack 'a'" };
const ROUTE: ForensicEvent = {
  event: "route",
  channel: 1,
  verb: "git-upload-pack",
  access: "read",
  repository: "a",
  backend: "east",
  path: "/a",
  durationMs: 2,
};

describe("the metrics of a connection", () => {
  it("follow it from the accept to the end", () => {
    const { take, value } = create();
    take(ACCEPT);
    take(KEX, 12);
    take(KEX, 13);
    take(auth("offered"), 14);
    take(auth("accepted"), 15);
    take(EXEC, 20);
    assert.equal(value("ssh_proxy_sessions"), 1);
    take(ROUTE, 22);
    take(dial({ reused: false }), 25);
    take({ event: "splice", channel: 1, sinceExecMs: 6 }, 26);
    take(exit("done"), 90);
    take(end("client-closed"), 99);
    for (const [name, labels, expected] of [
      ["handshakes_ended", ["done"], 1],
      ["handshakes_ended", ["failed"], 0],
      ["handshake_duration_seconds", [], 1],
      ["rekeys", [], 1],
      ["login_duration_seconds", [], 1],
      ["auth_attempts", ["publickey", "offered"], 1],
      ["auth_attempts", ["publickey", "accepted"], 1],
      ["sessions", [], 0],
      ["session_ends", ["git-upload-pack", "done"], 1],
      ["session_duration_seconds", ["git-upload-pack"], 1],
      ["route_duration_seconds", [], 1],
      ["setup_duration_seconds", [], 1],
      ["dials", ["done"], 1],
      ["dial_duration_seconds", [], 1],
      ["connection_ends", ["client-closed", "yes"], 1],
      ["forensic_events", ["kex"], 2],
    ] as const) {
      assert.equal(value(`ssh_proxy_${name}`, ...labels), expected, `${name} ${labels.join()}`);
    }
  });

  it("leave nothing running, however a connection ends", () => {
    for (const events of [
      [],
      [ACCEPT],
      [ACCEPT, ACCEPT],
      [ACCEPT, KEX],
      [ACCEPT, KEX, auth("accepted"), auth("accepted"), EXEC, EXEC],
      [ACCEPT, auth("accepted"), EXEC, exit("done"), exit("done")],
    ]) {
      const { take, value } = create();
      for (const event of [...events, end("client-lost"), end("client-lost"), ACCEPT]) take(event);
      assert.equal(value("ssh_proxy_sessions"), 0);
    }
  });

  it("count a session that never said how it ended by how its connection did", () => {
    const { take, value } = create();
    for (const event of [ACCEPT, KEX, auth("accepted"), EXEC, ROUTE]) take(event);
    take(end("client-lost"), 50);
    assert.equal(value("ssh_proxy_session_ends", "git-upload-pack", "client-lost"), 1);
  });

  it("count a handshake that did not come about", () => {
    const { take, value } = create();
    take(ACCEPT);
    take(end("ident-timeout"));
    assert.equal(value("ssh_proxy_handshakes_ended", "failed"), 1);
    assert.equal(value("ssh_proxy_connection_ends", "ident-timeout", "no"), 1);
  });

  it("tell new connections to backends from those that were there", () => {
    const { take, value } = create();
    take(dial({ reused: true }));
    take(dial({ reused: false, error: "refused" }));
    take(dial({ reused: true, error: "closed meanwhile" }));
    assert.equal(value("ssh_proxy_backend_reuses"), 1);
    assert.equal(value("ssh_proxy_dials", "failed"), 2);
    assert.equal(value("ssh_proxy_dial_duration_seconds"), 2);
  });
});

describe("the metrics of the proxy", () => {
  it("have no labels that anybody outside can make up", () => {
    const { stats, registry } = create();
    stats.authAttempted("x-made-up", "refused");
    stats.sessionEnded("rm -rf", "done", 1);
    stats.sessionEnded("none", "made-up" as EndReason, 1);
    const labels = [...registry.families()].flatMap((family) =>
      [...family].flatMap(({ labelValues }) => labelValues),
    );
    for (const made of ["x-made-up", "rm -rf", "made-up"]) assert.ok(!labels.includes(made));
    assert.equal(labels.filter((label) => label === "other").length, 4);
  });

  it("tell every verb and reason apart, and refuse no label set", () => {
    const { stats, value } = create();
    for (const verb of SESSION_VERBS) {
      for (const reason of END_REASONS) stats.sessionEnded(verb, reason, 1);
    }
    assert.equal(value("ssh_proxy_session_ends", SESSION_VERBS.at(-1)!, END_REASONS.at(-1)!), 1);
    assert.equal(value("holdfast_stats_label_sets_refused", "ssh_proxy_session_ends"), undefined);
  });

  it("remember the most that ever waited", () => {
    const { stats } = create();
    for (const bytes of [100, 50, -120]) stats.addBuffered(bytes);
    assert.deepEqual(stats.bufferedBytes, { now: 30, peak: 150 });
  });

  it("show the audit file while there is one", () => {
    const { stats, value } = create();
    const audit = { writable: true, lineCount: 5, lostCount: 1, failureCount: 2 };
    const takeAway = stats.showAudit(audit);
    assert.equal(value("ssh_proxy_audit_writable"), 1);
    audit.writable = false;
    assert.equal(value("ssh_proxy_audit_writable"), 0);
    assert.equal(value("ssh_proxy_audit_lines_lost"), 1);
    takeAway();
    assert.equal(value("ssh_proxy_audit_writable"), undefined);
  });
});

function auth(result: "offered" | "accepted"): ForensicEvent {
  return { event: "auth", user: "git", method: "publickey", result };
}

function dial(fields: { reused: boolean; error?: string }): ForensicEvent {
  return { event: "dial", channel: 1, backend: "east", addr: "a:1", durationMs: 3, ...fields };
}

function exit(reason: EndReason): ForensicEvent {
  const counts = { bytesIn: 1, bytesOut: 2, durationMs: 70, bufferedPeakBytes: 5 };
  return { event: "exit", channel: 1, status: 0, reason, ...counts };
}

function end(reason: EndReason): ForensicEvent {
  return { event: "end", reason, sessions: 1, bytesIn: 1, bytesOut: 2, durationMs: 99 };
}

function create() {
  const registry = new StatsRegistry();
  const stats = new ProxyStats(registry);
  const connection = new ConnectionStats(stats);
  return {
    registry,
    stats,
    take: (event: ForensicEvent, sinceAcceptMs = 0) => connection.take(event, sinceAcceptMs),
    /** A number, or how many values a histogram has. */
    value: (name: string, ...labels: readonly string[]): number | undefined => {
      const family = [...registry.families()].find((each) => each.name === name);
      const series = [...(family ?? [])].find(({ labelValues }) => {
        return labelValues.join() === labels.join();
      });
      if (series === undefined) return undefined;
      return "value" in series.metric ? series.metric.value : series.metric.snapshot().count;
    },
  };
}
