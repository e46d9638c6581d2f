/** What a region has in Redis as it lies there, and the files in which the servers keep it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SkillForgeError } from '../../schemas/errors.js';
import type { RedisConnection } from './connection.js';

/** Bytes under a key of the region: its name, a member or a field of it, a value. */
export interface RegionBytes {
  readonly key: string;
  readonly bytes: Buffer;
}

const PAGE = '250';
const LOOK_MS = 100;

/** Goes through hashes, sorted sets and texts under the keys that match a pattern, in bounded steps. */
export async function* regionBytes(connection: RedisConnection, pattern: string): AsyncGenerator<RegionBytes> {
  for (const key of await connection.keys(pattern)) {
    yield { key, bytes: Buffer.from(key) };
    for await (const bytes of valuesOf(connection, key)) yield { key, bytes };
  }
}

/** Of each type that the project writes. */
async function* valuesOf(connection: RedisConnection, key: string): AsyncGenerator<Buffer> {
  const type = String(await connection.command('TYPE', [key]));
  if (type === 'string') yield ((await connection.command('GET', [key])) as Buffer | null) ?? Buffer.alloc(0);
  const scan = { hash: 'HSCAN', zset: 'ZSCAN' }[type];
  if (scan === undefined) return;
  let cursor = '0';
  do {
    const [next, found] = (await connection.command(scan, [key, cursor, 'COUNT', PAGE])) as [Buffer, Buffer[]];
    yield* found;
    cursor = String(next);
  } while (cursor !== '0');
}

type Ask = (name: string, ...args: string[]) => Promise<unknown>;

/** Asks each server that keeps an append-only file to write it anew, and waits. @returns how many did */
export async function rewriteFiles(connection: RedisConnection): Promise<number> {
  const rewritten = await connection.onEach((ask) => rewriteOn(ask));
  return rewritten.filter(Boolean).length;
}

async function rewriteOn(ask: Ask): Promise<boolean> {
  const before = await persistenceOf(ask);
  if (before.get('aof_enabled') !== '1') return false;
  // One that is under way began before what is to go went: it is waited for, and another one follows.
  await settled(ask);
  await ask('BGREWRITEAOF');
  const after = await settled(ask);
  if (after.get('aof_last_bgrewrite_status') === 'ok') return true;
  throw new SkillForgeError('SFS_STATE_REFUSED', 'Redis could not write its append-only file anew: its log says why', { retriable: true });
}

async function settled(ask: Ask): Promise<ReadonlyMap<string, string>> {
  for (;;) {
    const now = await persistenceOf(ask);
    const isBusy = ['aof_rewrite_in_progress', 'aof_rewrite_scheduled'].some((name) => now.get(name) === '1');
    if (!isBusy) return now;
    await sleep(LOOK_MS);
  }
}

async function persistenceOf(ask: Ask): Promise<ReadonlyMap<string, string>> {
  const lines = String(await ask('INFO', 'persistence')).split('\r\n');
  return new Map(lines.map((line) => line.split(':', 2) as [string, string]));
}
