import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it, type TestContext } from "node:test";
import fc from "fast-check";
import { ServiceError } from "holdfast";
import { completeSettings, readSettings } from "./settings.ts";

function folder(test: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "holdfast-settings-"));
  test.after(() => rmSync(path, { recursive: true }));
  return path;
}

function refused(input: unknown, message: RegExp): void {
  assert.throws(
    () => completeSettings(input, "ssh.json"),
    (error) => {
      assert.ok(error instanceof ServiceError);
      assert.equal(error.code, "invalid");
      assert.match(error.message, message);
      return true;
    },
    JSON.stringify(input),
  );
}

const DEFAULTS = completeSettings({}, "defaults") as unknown as Record<
  string,
  Record<string, unknown>
>;

describe("settings", () => {
  it("are the defaults where nothing is said", (test) => {
    const path = join(folder(test), "ssh.json");
    writeFileSync(path, "{}");
    assert.deepEqual(readSettings(path), DEFAULTS);
    assert.deepEqual(readSettings(undefined), DEFAULTS);
  });

  it("change one option and leave the others", () => {
    const settings = completeSettings(
      { ssh: { channelsMax: 3 }, penalties: { addMs: { crash: 1 } }, proxy: { drainMs: 0 } },
      "ssh.json",
    );
    assert.deepEqual(settings.ssh, { ...DEFAULTS["ssh"], channelsMax: 3 });
    assert.equal(settings.penalties.addMs.crash, 1);
    assert.equal(settings.penalties.addMs["no-auth"], 1_000);
    assert.equal(settings.proxy.drainMs, 0);
    assert.deepEqual(settings.times, DEFAULTS["times"]);
  });

  it("say which file cannot be read", (test) => {
    const path = join(folder(test), "ssh.json");
    assert.throws(() => readSettings(path), /ssh\.json: ENOENT/);
    writeFileSync(path, "{");
    assert.throws(() => readSettings(path), /ssh\.json: .*JSON/);
    writeFileSync(path, "[]");
    assert.throws(() => readSettings(path), /ssh\.json: an object is expected/);
  });

  it("know every section and every option, and no other", () => {
    refused({ shh: {} }, /ssh\.json: there is no section shh; there are proxy, admission/);
    refused(JSON.parse('{"__proto__": {}}'), /no section __proto__/);
    refused({ toString: {} }, /no section toString/);
    for (const section of Object.keys(DEFAULTS)) {
      refused(
        { [section]: { nonsense: 1 } },
        new RegExp(`${section}: there is no option nonsense`),
      );
      refused({ [section]: { constructor: 1 } }, /no option constructor/);
      for (const wrong of [null, 5, "x", [], true]) {
        refused({ [section]: wrong }, new RegExp(`${section}: an object is expected`));
      }
    }
    refused({ penalties: { addMs: { auth_failed: 1 } } }, /addMs: there is no option auth_failed/);
  });

  it("take no value of another kind, for any option", () => {
    const kinds = ["5", 5, true, null, {}, [], ["x"], NaN, -1, 1.5];
    for (const [section, options] of Object.entries(DEFAULTS)) {
      for (const [name, value] of Object.entries(options)) {
        for (const wrong of kinds) {
          if (typeof wrong === typeof value && wrong !== null) continue;
          refused({ [section]: { [name]: wrong } }, new RegExp(`${section}: .*${name}`));
        }
      }
    }
    refused({ times: { identMs: "5000" } }, /identMs is "5000": expected a number/);
    refused({ penalties: { addMs: { crash: "1" } } }, /addMs: crash is "1"/);
    refused({ admission: { exempt: "10.0.0.1" } }, /exempt/);
    refused({ admission: { exempt: ["nowhere"] } }, /exempt/);
  });

  it("take no number out of its range, and none that does not go with another", () => {
    refused({ ssh: { channelsMax: 0 } }, /ssh: channelsMax is 0: expected 1 to 1000/);
    refused({ backend: { keepMs: -1 } }, /backend: keepMs is -1/);
    refused({ proxy: { ident: "has blanks" } }, /proxy: ident/);
    refused({ times: { identMs: 60_000 } }, /identMs is 60000, above loginMs, which is 30000/);
    refused({ times: { loginMs: 60_000, totalMs: 1_000 } }, /times: .*above/);
    refused({ admission: { unauthenticatedMax: 5 } }, /unauthenticatedPerSourceMax is 10, above/);
    refused({ admission: { earlyDropRatio: 1.5 } }, /earlyDropRatio/);
    refused({ proxyProtocol: { mode: "required" } }, /names nobody/);
    refused({ proxyProtocol: { peers: ["10.0.0.1"] } }, /mode is off/);
    refused({ penalties: { mode: "maybe" } }, /mode is maybe/);
  });

  it("are whole or an error of ours, whatever stands in the file", () => {
    const value = fc.oneof(fc.jsonValue(), fc.integer(), fc.constantFrom("", "off", "required"));
    const sections = Object.entries(DEFAULTS).map(([name, options]) =>
      fc
        .dictionary(fc.constantFrom(...Object.keys(options)), value, { maxKeys: 2 })
        .map((section) => [name, section] as const),
    );
    fc.assert(
      fc.property(fc.oneof(...sections), ([name, section]) => {
        try {
          const settings = completeSettings({ [name]: section }, "ssh.json");
          assert.deepEqual(Object.keys(settings), Object.keys(DEFAULTS));
        } catch (error) {
          assert.ok(error instanceof ServiceError && error.code === "invalid", String(error));
        }
      }),
    );
  });
});
