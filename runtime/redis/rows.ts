import type { QueueEntry } from '../ports.js';
import { behind, type RedisConnection } from './connection.js';
import { CHECK, FETCH, QUEUE_HEAD, SCAN } from './lua/reads.js';
import type { TaskKeys } from './taskKeys.js';
import { parseTimerMember, timerMember, type TimerPlace } from './timerMember.js';

/** A row that is asked for. */
export interface WantedRow {
  readonly store: string;
  readonly key: string;
}

/** A row as it is stored. */
export interface StoredRow {
  readonly key: string;
  readonly value: Buffer;
}

/** The state of a task as of one batch: every read fails with SFS_STATE_BEHIND where Redis holds that of another one. */
export interface View {
  readonly connection: RedisConnection;
  readonly keys: TaskKeys;
  /** Of the claim; '' to read without one. */
  readonly token: string;
  /** '' for none. */
  readonly applied: string;
}

/** Most rows or entries that one script call reads, so that it stays below 5 ms. */
export const MOST_READ = 250;

/** The values of rows, in the order asked for. */
export async function fetchRows(view: View, wanted: readonly WantedRow[]): Promise<(Buffer | null)[]> {
  const values = new Array<Buffer | null>(wanted.length).fill(null);
  const order = wanted.map((_, index) => index).sort((a, b) => compare(wanted[a]!.store, wanted[b]!.store));
  const pages: Promise<void>[] = [];
  for (let at = 0; at < order.length; at += MOST_READ) pages.push(fetchPage(view, wanted, order.slice(at, at + MOST_READ), values));
  await Promise.all(pages);
  return values;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** Fetches the rows of these indices, which are grouped by store. */
async function fetchPage(view: View, wanted: readonly WantedRow[], indices: readonly number[], values: (Buffer | null)[]): Promise<void> {
  const rowsOfStores = new Map<string, string[]>();
  for (const { store, key } of indices.map((index) => wanted[index]!)) {
    const rows = rowsOfStores.get(store);
    if (rows === undefined) rowsOfStores.set(store, [key]);
    else rows.push(key);
  }
  const stores = [...rowsOfStores.keys()].map((store) => view.keys.store(store));
  const args = [...rowsOfStores.values()].flatMap((rows) => [rows.length, ...rows]);
  const reply = (await run(view, FETCH, stores, args)) as (Buffer | null)[];
  indices.forEach((index, at) => (values[index] = reply[at] ?? null));
}

/** Whether Redis still has what the view is of: where not, it throws as every read does. */
export async function checkView(view: View): Promise<void> {
  await run(view, CHECK, [], []);
}

/** The first entries of the time queue, in its order. */
export async function queueHead(view: View, limit: number, after?: TimerPlace): Promise<QueueEntry[]> {
  const entries: QueueEntry[] = [];
  let last = after;
  while (entries.length < limit) {
    const most = Math.min(MOST_READ, limit - entries.length);
    const page = await queuePage(view, most, last);
    entries.push(...page);
    if (page.length < most) break;
    last = page.at(-1)!;
  }
  return entries;
}

async function queuePage(view: View, limit: number, after: TimerPlace | undefined): Promise<QueueEntry[]> {
  const from = after === undefined ? '-' : Buffer.concat([Buffer.from('('), timerMember(after)]);
  const reply = await run(view, QUEUE_HEAD, [view.keys.queue, view.keys.payloads], [from, limit]);
  const [members, payloads] = reply as [Buffer[], (Buffer | null)[]?];
  return members.map((member, index) => ({ ...parseTimerMember(member), payload: payloads?.[index] ?? Buffer.alloc(0) }));
}

/** All rows of a store, in pages; a row may come more than once. @throws SFS_STATE_BEHIND also when another server took over in between */
export async function* scanRows(view: () => View, store: string): AsyncGenerator<StoredRow[]> {
  let server: string | null = null;
  let cursor: string | Buffer = '0';
  do {
    const { connection, keys, token, applied } = view();
    const reply = await run({ connection, keys, token, applied }, SCAN, [keys.store(store)], [cursor, MOST_READ]);
    const [next, pairs, id] = reply as [Buffer, Buffer[], Buffer];
    if (server !== null && server !== String(id)) throw behind(keys.task, 'another server of Redis took over during a scan');
    server = String(id);
    yield rowsOf(pairs);
    cursor = next;
  } while (String(cursor) !== '0');
}

function rowsOf(pairs: readonly Buffer[]): StoredRow[] {
  const rows: StoredRow[] = [];
  for (let i = 0; i < pairs.length; i += 2) rows.push({ key: String(pairs[i]), value: pairs[i + 1]! });
  return rows;
}

function run(
  { connection, keys, token, applied }: View,
  script: typeof FETCH,
  more: readonly string[],
  args: readonly (string | number | Buffer)[],
): Promise<unknown> {
  return connection.run(script, keys.task, [keys.meta, keys.staged, ...more], [token, applied, ...args]);
}
