/** What a file of routes may not have in it: each with the complaint that finds it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { HOST_KEY, MAIN } from "../testing/route-desk.ts";
import { ROUTE_FILE_DEFAULTS } from "./options.ts";
import { parseRoutes } from "./route-table.ts";

const ROUTE = { account: "*", repository: "*", backend: "main", path: "/srv/{repository}" };
const ED25519 = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";

function complaint(content: unknown): string {
  const text = typeof content === "string" ? content : JSON.stringify(content, null, 2);
  const parsed = parseRoutes(text, ROUTE_FILE_DEFAULTS);
  return parsed.kind === "bad" ? parsed.reason : "";
}

function backend(change: object): unknown {
  return { backends: { main: { ...MAIN, ...change } }, routes: [] };
}

function route(change: object): unknown {
  return { backends: { main: MAIN }, routes: [{ ...ROUTE, ...change }] };
}

const REFUSED: readonly (readonly [content: unknown, complaint: RegExp])[] = [
  ["", /^it is no JSON/],
  [
    "[]",
    /^line 1, the file: must be an object, and is a list of 0; .*\/backends: must be an object/,
  ],
  ["{}", /\/backends: must be an object, and is nothing; \/routes: must be a list of 0 to 10000/],
  ['{"backends": {}, "routes": [], "x": 1}', /line 1, \/x: is no field; there are backends, rou/],
  ['{"backends": {},\n"routes": [],\n"routes": []}', /^line 3, \/routes: stands here a second/],
  ['{"backends": {"a": {},\n "a": {}}, "routes": []}', /^line 2, \/backends\/a: stands here a se/],
  [{ backends: { "-a": MAIN }, routes: [] }, /^line 3, \/backends\/-a: its name must be 1 to 64/],
  [{ backends: { "a/b": MAIN }, routes: [] }, /\/backends\/a~1b: its name must be/],
  [backend({ hosts: undefined }), /\/backends\/main: must have either "hosts", or "service" and/],
  [backend({ service: "x", from: "consul:a:1" }), /must have either "hosts", or "service" and/],
  [backend({ hosts: [] }), /\/hosts: must be a list of 1 to 256, and is a list of 0/],
  [backend({ hosts: ["10.0.0.7"] }), /\/hosts\/0: must be "HOST:PORT" .*, and is "10\.0\.0\.7"/],
  [backend({ hosts: ["a:0"] }), /\/hosts\/0: must be "HOST:PORT"/],
  [backend({ hosts: ["a:22", "a:22"] }), /\/hosts\/1: stands in the list twice/],
  [backend({ hosts: undefined, service: "x" }), /\/from: must be "consul:HOST:PORT", and is noth/],
  [backend({ hosts: undefined, from: "consul:a:1" }), /\/service: must be the name of a service/],
  [backend({ user: "-oProxyCommand=id" }), /\/user: must be the name of a user/],
  [backend({ key: "../id" }), /\/key: must be the name of a key, or "\{account\}"/],
  [backend({ key: "x{account}" }), /\/key: must be the name of a key/],
  [backend({ hostKeys: undefined }), /\/hostKeys: must be a list of 1 to 64, and is nothing/],
  [backend({ hostKeys: [] }), /\/hostKeys: must be a list of 1 to 64/],
  [backend({ hostKeys: ["MD5:00"] }), /\/hostKeys\/0: must be "SHA256:…" as ssh-keygen/],
  [backend({ hostKeys: [`${HOST_KEY}=`] }), /\/hostKeys\/0: must be/],
  [backend({ hostKeys: ["ssh-ed25519 AAAA"] }), /\/hostKeys\/0: must be/],
  [backend({ hostKeys: [ED25519.replace("ssh-ed25519", "ssh-rsa")] }), /\/hostKeys\/0: must be/],
  [
    backend({ hostkeys: [] }),
    /line 11, \/backends\/main\/hostkeys: is no field; there are hosts, /,
  ],
  [route({ account: undefined }), /\/routes\/0\/account: must be the name of an account/],
  [route({ account: "" }), /\/account: must be the name of an account/],
  [route({ account: "a\nb" }), /\/account: must be the name of an account/],
  [route({ repository: "a//b" }), /\/repository: has a slash too much/],
  [route({ repository: 7 }), /\/repository: must be a pattern such as "team\/\*\.git".*, and is 7/],
  [route({ verbs: [] }), /\/verbs: must be a list of 1 to 5, and is a list of 0/],
  [route({ verbs: ["git-shell"] }), /\/verbs\/0: must be one of git-upload-pack, .*"git-shell"/],
  [route({ access: "admin" }), /\/access: must be "read" or "write", and is "admin"/],
  [route({ backend: "mian" }), /\/backend: must be the name of .* \(such as "main"\), and is "mia/],
  [route({ backend: "__proto__" }), /\/backend: must be the name of one of the backends/],
  [route({ path: "/srv/{2}" }), /\/path: has \{2\}; there are \{account\}, .*\{1\} to \{1\}/],
  [route({ path: "/srv/../x" }), /\/path: has the part "\." or "\.\."/],
  [route({ path: undefined }), /\/path: must be a path such as/],
  [route({ verb: [] }), /\/routes\/0\/verb: is no field; there are account, repository, verbs/],
];

describe("a file of routes is refused as a whole", () => {
  for (const [content, expected] of REFUSED) {
    it(`with ${expected.source}`, () => assert.match(complaint(content), expected));
  }

  it("with the first ten complaints and the number of the rest", () => {
    const many = { backends: {}, routes: Array.from({ length: 13 }, () => ROUTE) };
    assert.match(complaint(many), /\/routes\/9\/backend: [^;]*; and 3 more$/);
    assert.doesNotMatch(complaint(many), /\/routes\/10/);
  });

  it("with what it has shown harmlessly, and cut short", () => {
    const text = complaint(backend({ user: `\u001b[31m\u202e${"x".repeat(500)}` }));
    assert.match(text, /and is "\\u001b\[31m\\u202ex+…$/);
    assert.ok(text.length < 250);
  });

  it("when it has more than its limits allow", () => {
    const limits = { routesMax: 1, backendsMax: 1, hostsMax: 1 };
    const parse = (content: object): string => {
      const parsed = parseRoutes(JSON.stringify(content), limits);
      return parsed.kind === "bad" ? parsed.reason : "";
    };
    const one = { hosts: ["a:1"], hostKeys: [HOST_KEY] };
    assert.equal(parse({ backends: { main: one }, routes: [ROUTE] }), "");
    assert.match(parse({ backends: { main: one }, routes: [ROUTE, ROUTE] }), /a list of 0 to 1/);
    assert.match(parse({ backends: { main: one, b: one }, routes: [] }), /has 2 pools; at most 1/);
    assert.match(
      parse({ backends: { main: MAIN }, routes: [] }),
      /hosts: must be a list of 1 to 1/,
    );
  });
});

it("a file of routes may have whole keys, with comments that are dropped", () => {
  const hostKeys = [`${ED25519} root@git-7`, HOST_KEY];
  const parsed = parseRoutes(JSON.stringify(backend({ hostKeys })), ROUTE_FILE_DEFAULTS);
  assert.ok(parsed.kind === "table");
  assert.deepEqual(parsed.table.backends.get("main")!.hostKeys, [ED25519, HOST_KEY]);
});
