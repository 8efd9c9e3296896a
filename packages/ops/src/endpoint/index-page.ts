/** `/`: what there is to see, for a browser as a page and for a terminal as text. */
import { escapeControl } from "@holdfast/core";
import { htmlReply, type OpsRequest, type OpsReply, prefers, textReply } from "../http/reply.ts";
import type { Endpoint, OpsView, OpsRoute } from "../ops-view.ts";
import { describeInfo } from "./info.ts";

export const indexEndpoint: Endpoint = (view, request) =>
  prefers(request.accept, "text/html", "text/plain")
    ? htmlIndex(view, request)
    : textIndex(view, request);

const STYLE = `
  :root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
  body { max-width: 46rem; margin: 2.5rem auto; padding: 0 1.25rem; }
  h1 { font-size: 1.5rem; margin: 0; }
  h2 { font-size: 0.8rem; text-transform: uppercase; letter-spacing: 0.08em; opacity: 0.65;
       margin: 2rem 0 0.25rem; }
  p { margin: 0.25rem 0; opacity: 0.8; }
  dl { display: grid; grid-template-columns: 9rem 1fr; gap: 0.35rem 1rem; margin: 0; }
  dt, code { font-family: ui-monospace, monospace; font-size: 0.9rem; }
  dd { margin: 0; }
  a { text-underline-offset: 0.2em; }
  @media (max-width: 32rem) { dl { grid-template-columns: 1fr; } dd { margin-bottom: 0.6rem; } }
`;

function htmlIndex(view: OpsView, request: OpsRequest): OpsReply {
  const { sources } = view;
  const info = describeInfo(view);
  const groups = [...byGroup(view.routes)].map(
    ([group, routes]) => `
  <section>
    <h2>${html(group)}</h2>
    <dl>${routes.map((route) => htmlRoute(route, request.host)).join("")}
    </dl>
  </section>`,
  );
  return htmlReply(`<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>${html(sources.name)}: ${html(info.State)}</title>
  <style>${STYLE}</style>
</head>
<body>
<header>
  <h1>${html(sources.name)}</h1>
  <p><strong>${html(info.State)}</strong>, up ${html(info.Uptime)}</p>
  <p>version <code>${html(info.Version)}</code></p>
</header>
<main>${groups.join("")}
</main>
</body>
</html>
`);
}

function htmlRoute({ path, method, description }: OpsRoute, host: string): string {
  const isPage = method === "GET" && !path.includes(":");
  const name = isPage ? `<a href="${html(path)}">${html(path)}</a>` : html(path);
  const command = method === "GET" ? "" : `<br><code>${html(commandOf(method, host, path))}</code>`;
  return `
      <dt>${name}</dt>
      <dd>${html(description)}${command}</dd>`;
}

function textIndex(view: OpsView, request: OpsRequest): OpsReply {
  const { name, version } = view.sources;
  const info = describeInfo(view);
  const width = Math.max(...view.routes.map(({ path }) => path.length));
  const lines = [escapeControl(`${name}: ${info.State}, up ${info.Uptime}, version ${version}`)];
  for (const [group, routes] of byGroup(view.routes)) {
    lines.push("", group);
    for (const { path, method, description } of routes) {
      lines.push(`  ${path.padEnd(width)}  ${description}`);
      if (method === "GET") continue;
      lines.push(`  ${" ".repeat(width)}  ${escapeControl(commandOf(method, request.host, path))}`);
    }
  }
  return textReply(200, lines.join("\n"));
}

function byGroup(routes: readonly OpsRoute[]): Map<string, OpsRoute[]> {
  return Map.groupBy(routes, ({ group }) => group);
}

function commandOf(method: string, host: string, path: string): string {
  const example = path.replace(/:([\w-]+)/, (_, name: string) => name.toUpperCase());
  return `curl -X ${method} http://${host}${example}`;
}

const HTML_ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

function html(text: string): string {
  return escapeControl(text).replace(/[&<>"']/g, (character) => HTML_ESCAPES[character]!);
}
