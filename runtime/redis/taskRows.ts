import type { QueueEntry } from '../ports.js';
import type { Argument, RedisConnection } from './connection.js';
import type { StoredRow } from './rows.js';
import type { TaskKeys } from './taskKeys.js';
import { parseTimerMember } from './timerMember.js';

/** What a task has in Redis, for who looks without a claim: each row as it is when it is asked for, while batches come in between. */
export interface TaskRows {
  /** Of the batch that was applied last; `null` for a task without state. */
  progress(): Promise<Buffer | null>;
  get(store: string, key: string): Promise<Buffer | null>;
  /** All rows of a store, in no order; one may come more than once while the store grows. */
  scan(store: string): AsyncIterable<StoredRow>;
  /** Every store that was ever written. */
  stores(): Promise<string[]>;
  /** All entries of the time queue, in its order. */
  timers(): AsyncIterable<QueueEntry>;
}

const PAGE = 250;

/** Reads by plain commands. */
export function taskRows(connection: RedisConnection, keys: TaskKeys): TaskRows {
  const ask = (name: string, ...args: Argument[]): Promise<unknown> => connection.command(name, args, keys.task);
  return {
    progress: async () => (await ask('HGET', keys.meta, 'progress')) as Buffer | null,
    get: async (store, key) => (await ask('HGET', keys.store(store), key)) as Buffer | null,
    scan: (store) => scan((cursor) => ask('HSCAN', keys.store(store), cursor, 'COUNT', PAGE)),
    stores: async () =>
      ((await ask('HKEYS', keys.meta)) as Buffer[]).map(String).flatMap((field) => (field.startsWith('s:') ? [field.slice(2)] : [])),
    timers: () => timersOf(keys, ask),
  };
}

async function* scan(page: (cursor: string) => Promise<unknown>): AsyncGenerator<StoredRow> {
  let cursor = '0';
  do {
    const [next, pairs] = (await page(cursor)) as [Buffer, Buffer[]];
    for (let at = 0; at < pairs.length; at += 2) yield { key: String(pairs[at]), value: pairs[at + 1]! };
    cursor = String(next);
  } while (cursor !== '0');
}

async function* timersOf(keys: TaskKeys, ask: (name: string, ...args: Argument[]) => Promise<unknown>): AsyncGenerator<QueueEntry> {
  for (let from: Buffer | string = '-'; ;) {
    const members = (await ask('ZRANGEBYLEX', keys.queue, from, '+', 'LIMIT', 0, PAGE)) as Buffer[];
    if (members.length === 0) return;
    const payloads = (await ask('HMGET', keys.payloads, ...members)) as (Buffer | null)[];
    for (const [at, member] of members.entries()) yield { ...parseTimerMember(member), payload: payloads[at] ?? Buffer.alloc(0) };
    from = Buffer.concat([Buffer.from('('), members.at(-1)!]);
  }
}
