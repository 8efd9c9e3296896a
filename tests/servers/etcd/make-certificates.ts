/** Certificates for servers and clients of a test on 127.0.0.1, made by openssl in a folder. */
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export interface TestCertificates {
  /** Paths of PEM files. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** One authority, and one certificate of it that server and client both show. */
export function makeCertificates(folder: string): TestCertificates {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]): void => {
    execFileSync("openssl", args, { cwd: folder, stdio: "ignore" });
  };
  const curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  openssl(
    ...["req", "-x509", ...curve, "-days", "2", "-subj", "/CN=Holdfast test CA"],
    ...["-keyout", "ca.key", "-out", "ca.pem"],
  );
  openssl("req", ...curve, "-subj", "/CN=etcd.test", "-keyout", "key.pem", "-out", "request.pem");
  writeFileSync(at("names"), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
  openssl(
    ...["x509", "-req", "-in", "request.pem", "-CA", "ca.pem", "-CAkey", "ca.key"],
    ...["-CAcreateserial", "-days", "2", "-extfile", "names", "-out", "cert.pem"],
  );
  return { ca: at("ca.pem"), cert: at("cert.pem"), key: at("key.pem") };
}

/** Their texts, as clients take them. */
export function readCertificates({ ca, cert, key }: TestCertificates): {
  ca: string;
  cert: string;
  key: string;
} {
  const read = (path: string): string => readFileSync(path, "utf8");
  return { ca: read(ca), cert: read(cert), key: read(key) };
}
