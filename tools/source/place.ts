/** What a file's path says about it. */

/** Written by a program: nobody reads it for its style. */
export function isGenerated(path: string): boolean {
  return /\/(gen|testdata)\//.test(path);
}

/** Tests, and what only tests and measurements use. */
export function isForTests(path: string): boolean {
  return (
    /\.(test|fuzz|bench|contract)\.ts$/.test(path) ||
    /^(tests|bench|tools)\//.test(path) ||
    /\/(testing|testdata)\//.test(path)
  );
}

/** `packages/rpc` of `packages/rpc/src/index.ts`; undefined outside packages and apps. */
export function packageFolderOf(path: string): string | undefined {
  return /^(?:packages|apps)\/[^/]+(?=\/)/.exec(path)?.[0];
}

/** The path that a relative specifier in `from` means. */
export function resolveRelative(from: string, specifier: string): string {
  const parts = from.split("/").slice(0, -1);
  for (const part of specifier.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== ".") parts.push(part);
  }
  return parts.join("/");
}
