// The rows of the tables, one line each: to add one, add a line.
import { FIGURES } from "../options.ts";
import { GO_PROXY, SSH2_ADDON, SSH2_PROXY, startGo, startSsh2 } from "./minimal.ts";
import { OURS, startOurs } from "./ours.ts";
import type { Peer } from "./peer.ts";

/** The leak check is of ours; the others are there to be asked for. */
const OTHERS = FIGURES.filter((figure) => figure !== "short");

export const PEERS: readonly Peer[] = [
  {
    name: "direct",
    // An attack would leave it with children that then take the core from the rows after it.
    figures: OTHERS.filter((figure) => figure !== "attack"),
    needs: [],
    async start({ backends: { direct } }) {
      return { port: direct.port, user: direct.user, pids: [], stop: async () => {} };
    },
  },
  {
    name: "ours",
    figures: FIGURES,
    isProxy: true,
    needs: [OURS],
    start: (run) => startOurs(run, { keepBackendConnections: true }),
  },
  {
    // A backend connection of its own for each client's.
    name: "ours-dialling",
    figures: ["sessions"],
    isProxy: true,
    needs: [OURS],
    start: (run) => startOurs(run, { keepBackendConnections: false }),
  },
  { name: "go", figures: OTHERS, isProxy: true, needs: [GO_PROXY], start: startGo },
  {
    name: "ssh2",
    figures: OTHERS,
    isProxy: true,
    needs: [SSH2_PROXY, SSH2_ADDON],
    start: (run) => startSsh2(run, false),
  },
  {
    name: "ssh2-nodelay",
    figures: ["clone", "sessions", "logins"],
    isProxy: true,
    needs: [SSH2_PROXY, SSH2_ADDON],
    start: (run) => startSsh2(run, true),
  },
];
