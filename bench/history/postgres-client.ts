// PostgreSQL under the common load loop, with a prepared statement a call. A connection takes one
// query at a time, so that calls in flight are as many connections:
// `postgres-client.ts PORT CONNECTIONS IN_FLIGHT SECONDS WARMUP_SECONDS get|set SERVER_PID USERS
// ITEMS_PER_USER`, or `postgres-client.ts PORT load USERS ITEMS_PER_USER`, which fills it and
// prints the bytes it takes.
import { createRequire } from "node:module";
import { runClosedLoop } from "../run/closed-loop.ts";
import { processTreeCpuSeconds } from "../run/process-stats.ts";
import {
  EVER_MS,
  EXTRA_START,
  FIRST_MS,
  ITEMS_PER_SET,
  KIND_VIDEO,
  LIMIT,
  parseDataset,
  STEP_MS,
} from "./dataset.ts";
import { NewItems } from "./new-items.ts";

interface Query {
  name: string;
  text: string;
  values: unknown[];
}
interface Answer {
  rows: Record<string, unknown>[];
  rowCount: number;
}
interface Client {
  connect(): Promise<void>;
  query(query: Query | string): Promise<Answer>;
  end(): Promise<void>;
}

const require = createRequire(import.meta.url);
const { Client } = require("pg") as { Client: new (options: object) => Client };
const [port, ...words] = process.argv.slice(2);

if (words[0] === "load") await load();
else await measure();

async function open(): Promise<Client> {
  const client = new Client({ host: "127.0.0.1", port, user: "bench", database: "postgres" });
  await client.connect();
  return client;
}

async function load(): Promise<void> {
  const { users, itemsPerUser } = parseDataset(words[1], words[2]);
  const client = await open();
  await client.query(
    `CREATE TABLE items (user_id int8 NOT NULL, time_ms int8 NOT NULL, item_id int8 NOT NULL,
      kind int4 NOT NULL, extra bytea NOT NULL)`,
  );
  await client.query(
    `INSERT INTO items SELECT u, ${FIRST_MS} + i * ${STEP_MS}::int8, u * 1000000::int8 + i,
      ${KIND_VIDEO},
      convert_to('${EXTRA_START}' || substr(md5((u * 1000000::int8 + i)::text), 1, 20), 'UTF8')
      FROM generate_series(1, ${users}) u, generate_series(0, ${itemsPerUser - 1}) i`,
  );
  await client.query("ALTER TABLE items ADD PRIMARY KEY (user_id, time_ms, item_id)");
  await client.query("VACUUM ANALYZE items");
  await client.query("CHECKPOINT");
  const { rows } = await client.query("SELECT pg_total_relation_size('items') AS bytes");
  console.log(rows[0]?.["bytes"]);
  await client.end();
}

async function measure(): Promise<void> {
  const [connections = 1, inFlight = 1, seconds = 2, warmupSeconds = 1] = words.map(Number);
  const [method, serverPid] = words.slice(4);
  const dataset = parseDataset(words[6], words[7]);
  const clients: Client[] = [];
  for (let count = 0; count < connections * inFlight; count++) clients.push(await open());
  const newItems = new NewItems();
  const rowsMin = Math.min(LIMIT, dataset.itemsPerUser);
  const isSet = method === "set";
  const result = await runClosedLoop({
    connections: clients.length,
    inFlight: 1,
    seconds,
    warmupSeconds,
    serverPid: Number(serverPid),
    readCpuSeconds: processTreeCpuSeconds,
    call(connection, done) {
      const user = 1 + Math.floor(Math.random() * dataset.users);
      const query = isSet ? setQuery(user, newItems) : getQuery(user);
      clients[connection]!.query(query).then(
        ({ rowCount }) => done(isSet ? rowCount !== ITEMS_PER_SET : rowCount < rowsMin),
        () => done(true),
      );
    },
  });
  delete result.serverRssKib; // one process of many
  console.log(JSON.stringify(result));
  await Promise.all(clients.map((client) => client.end()));
}

function getQuery(user: number): Query {
  return {
    name: "get",
    text: `SELECT item_id, time_ms, kind, extra FROM items
      WHERE user_id = $1 AND time_ms >= $2 AND time_ms < $3
      ORDER BY time_ms DESC, item_id DESC LIMIT $4`,
    values: [user, 0, EVER_MS, LIMIT],
  };
}

function setQuery(user: number, newItems: NewItems): Query {
  const { times, ids, kinds, extras } = newItems.next();
  return {
    name: "set",
    text: `INSERT INTO items
      SELECT $1, * FROM unnest($2::int8[], $3::int8[], $4::int4[], $5::bytea[])
      ON CONFLICT (user_id, time_ms, item_id)
      DO UPDATE SET kind = excluded.kind, extra = excluded.extra`,
    values: [user, times, ids, kinds, extras],
  };
}
