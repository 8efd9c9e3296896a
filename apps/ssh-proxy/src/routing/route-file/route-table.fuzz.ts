/** Any text is a file of routes whose every answer is a path below its folder, or one reason. */
import assert from "node:assert/strict";
import { it } from "node:test";
import fc from "fast-check";
import { ServiceError } from "holdfast";
import { complaintAboutBackendPath } from "../backend-path.ts";
import { MAIN, requestFor } from "../testing/route-desk.ts";
import { parseRoutes } from "./route-table.ts";

const LIMITS = { routesMax: 20, backendsMax: 5, hostsMax: 5 };

function orAny<Value>(likely: fc.Arbitrary<Value>): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: likely, weight: 8 }, { arbitrary: fc.jsonValue(), weight: 1 });
}

const piece = fc.constantFrom(
  "*",
  "**",
  "/",
  "a",
  "x.git",
  "{1}",
  "{account}",
  "{repository}",
  "..",
);
const text = fc.array(piece, { minLength: 1, maxLength: 6 }).map((parts) => parts.join(""));
const route = fc.record(
  {
    account: orAny(fc.constantFrom("*", "aviato")),
    repository: orAny(fc.oneof(text, fc.constantFrom("**", "*/*", "a/*.git"))),
    verbs: orAny(fc.constant(["git-upload-pack"])),
    access: orAny(fc.constantFrom("read", "write")),
    backend: orAny(fc.constant("main")),
    path: orAny(fc.oneof(text, fc.constantFrom("/srv/{repository}", "/srv/{account}/{1}"))),
  },
  { requiredKeys: ["account", "repository", "backend", "path"] },
);
const backend = fc.record(
  {
    hosts: orAny(fc.constant(MAIN.hosts)),
    hostKeys: orAny(fc.constant(MAIN.hostKeys)),
    service: orAny(fc.constant("git-ssh")),
    user: orAny(fc.constant("git")),
  },
  { requiredKeys: ["hosts", "hostKeys"] },
);
const file = fc.record({
  backends: orAny(
    fc.oneof(
      fc.constant({ main: MAIN }),
      fc.dictionary(fc.constantFrom("main", "__proto__", "b"), backend),
    ),
  ),
  routes: orAny(fc.array(route, { maxLength: 4 })),
});

it("any JSON near a file of routes is routes or a reason", () => {
  fc.assert(
    fc.property(file, fc.constantFrom("a", "a/x.git", "a/b/c", "x/x/x"), (json, repository) => {
      checkFile(JSON.stringify(json), repository);
    }),
    { numRuns: 10_000 },
  );
});

it("any text is", () => {
  const texts = fc.oneof(fc.string(), fc.json());
  fc.assert(
    fc.property(texts, (given) => checkFile(given, "a")),
    { numRuns: 10_000 },
  );
});

function checkFile(given: string, repository: string): void {
  const parsed = parseRoutes(given, LIMITS);
  if (parsed.kind === "bad") {
    assert.ok(parsed.reason.length > 0 && parsed.reason.length < 6_000);
    return;
  }
  const { table } = parsed;
  for (const account of ["aviato", "..", "a/b"]) {
    try {
      const { backend: name, path } = table.route(requestFor(repository, { account }));
      assert.ok(table.backends.has(name));
      assert.equal(complaintAboutBackendPath(path), undefined);
    } catch (error) {
      assert.ok(error instanceof ServiceError && error.code === "not-found", String(error));
    }
  }
}
