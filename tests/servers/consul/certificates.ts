/** Certificates for a server that proves itself and asks its clients to: made by openssl. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Certificates {
  /** Files, in a folder that the caller gave. */
  readonly files: { readonly ca: string; readonly cert: string; readonly key: string };
  /** What a client trusts, and what it shows; PEM texts. */
  readonly client: { readonly ca: string; readonly cert: string; readonly key: string };
}

/** The server is `localhost` and 127.0.0.1; both are signed by one authority, for a day. */
export function makeCertificates(folder: string): Certificates {
  const run = (...args: readonly string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: ["ignore", "ignore", "pipe"] });
  };
  const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  run("req", "-x509", ...key, "-keyout", "ca.key", "-out", "ca.pem", "-subj", "/CN=test CA");
  writeFileSync(join(folder, "names"), "subjectAltName=DNS:localhost,IP:127.0.0.1\n");
  for (const who of ["server", "client"]) {
    run("req", ...key, "-keyout", `${who}.key`, "-out", `${who}.csr`, "-subj", `/CN=${who}`);
    const signed = ["-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "1"];
    run("x509", "-req", "-in", `${who}.csr`, "-out", `${who}.pem`, ...signed, "-extfile", "names");
  }
  const read = (name: string): string => readFileSync(join(folder, name), "utf8");
  return {
    files: {
      ca: join(folder, "ca.pem"),
      cert: join(folder, "server.pem"),
      key: join(folder, "server.key"),
    },
    client: { ca: read("ca.pem"), cert: read("client.pem"), key: read("client.key") },
  };
}
