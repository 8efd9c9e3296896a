import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { skipConsul } from "../servers/consul/build.ts";
import { startConsulCluster } from "../servers/consul/cluster.ts";

const PACKAGE = new URL("../../packages/adapters/", import.meta.url);

it("the first page's example of Consul prints what it says", { skip: skipConsul() }, async () => {
  await using cluster = await startConsulCluster({ servers: 1 });
  const readme = await readFile(new URL("README.md", PACKAGE), "utf8");
  const [code, printed] = [...readme.matchAll(/```(?:ts|text) consul\n([^]*?)```/g)].map(
    (match) => match[1]!,
  );
  const here = code!.replace("127.0.0.1:8500", cluster.addresses[0]!);
  assert.notEqual(here, code);
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--input-type=module-typescript", "-e", here],
    { cwd: fileURLToPath(PACKAGE), timeout: 20_000 },
  );
  assert.equal(stdout, printed);
});
