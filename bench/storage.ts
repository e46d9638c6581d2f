/**
 * Rates of the embedded storage on this machine: `node --import tsx bench/storage.ts [--json] [--folder DIR]`.
 * Uses 200-byte records; figures are per second, of one process.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OutputRecord } from '../runtime/ports.js';
import { openEmbedded, type EmbeddedStorage } from '../runtime/embedded/index.js';

const RECORDS = 400_000;
const RECORDS_PER_APPEND = 2_000;
const STATE_KEYS = 200_000;
const KEYS_PER_COMMIT = 5_000;
const GETS = 200_000;

async function main(): Promise<void> {
  const at = process.argv.indexOf('--folder');
  const folder = mkdtempSync(join(at === -1 ? tmpdir() : process.argv[at + 1]!, 'sfs-bench-'));
  const storage = await openEmbedded(folder);
  try {
    report(await measureAll(storage));
  } finally {
    await storage.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureAll(storage: EmbeddedStorage): Promise<Record<string, number>> {
  storage.log.ensureTopic({ name: 'bench', partitions: 1, cleanup: 'delete', retentionMs: null });
  const append = await perSecond(RECORDS, () => appendAll(storage));
  const read = await perSecond(RECORDS, () => readAll(storage, 10_000));
  const readSmall = await perSecond(RECORDS, () => readAll(storage, 100));
  const commitNew = await perSecond(STATE_KEYS, () => commitAll(storage));
  const commitAgain = await perSecond(STATE_KEYS, () => commitAll(storage));
  const get = await perSecond(GETS, () => getAll(storage));
  const small = await perSecond(2_000, () => commitOneByOne(storage, 2_000));
  const flushMs = await timeMs(() => storage.flushed());
  return {
    appendRecords: append,
    readRecordsBy10000: read,
    readRecordsBy100: readSmall,
    commitNewKeys: commitNew,
    commitExistingKeys: commitAgain,
    getKeys: get,
    commitsOfOneKeyInSequence: small,
    flushedMs: Math.round(flushMs),
  };
}

async function appendAll(storage: EmbeddedStorage): Promise<void> {
  const value = Buffer.alloc(180, 7);
  const pending: Promise<void>[] = [];
  for (let n = 0; n < RECORDS; n += RECORDS_PER_APPEND) {
    const records = Array.from({ length: RECORDS_PER_APPEND }, (_, i): OutputRecord => {
      return { topic: 'bench', partition: 0, key: Buffer.from(`learner-${String(n + i).padStart(10, '0')}`), value, header: null };
    });
    pending.push(storage.log.append(records));
    if (pending.length >= 8) await pending.shift();
  }
  await Promise.all(pending);
}

function readAll(storage: EmbeddedStorage, maxRecords: number): void {
  for (let from = 0; from < RECORDS;) {
    const records = storage.log.read('bench', 0, from, maxRecords);
    from = records[records.length - 1]!.offset + 1;
  }
}

async function commitAll(storage: EmbeddedStorage): Promise<void> {
  const pending: Promise<void>[] = [];
  for (let n = 0; n < STATE_KEYS; n += KEYS_PER_COMMIT) {
    const state = Array.from({ length: KEYS_PER_COMMIT }, (_, i) => ({ store: 'count', key: benchKey(n + i), value: Buffer.alloc(100, i) }));
    pending.push(storage.commit({ task: 'bench@1/0/0', outputs: [], state, queue: [], progress: Buffer.from(String(n)) }));
    if (pending.length >= 4) await pending.shift();
  }
  await Promise.all(pending);
}

function getAll(storage: EmbeddedStorage): void {
  for (let n = 0; n < GETS; n++) {
    if (storage.tasks.get('bench@1/0/0', 'count', benchKey(n)) === null) throw new Error('a committed key is missing');
  }
}

async function commitOneByOne(storage: EmbeddedStorage, count: number): Promise<void> {
  for (let n = 0; n < count; n++) {
    await storage.commit({
      task: 'bench@1/0/0',
      outputs: [{ topic: 'bench', partition: 0, key: null, value: Buffer.alloc(100), header: null }],
      state: [{ store: 'count', key: benchKey(n), value: Buffer.alloc(100) }],
      queue: [],
      progress: Buffer.from(String(n)),
    });
  }
}

/** Memory that is the process's own, without the mapped file (Linux); elsewhere the heap. */
function anonymousMb(): number {
  if (!existsSync('/proc/self/status')) return Math.round(process.memoryUsage().heapUsed / 2 ** 20);
  const kib = /RssAnon:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return Math.round(Number(kib) / 1024);
}

/** Spread over the key space, as learners are. */
function benchKey(n: number): string {
  return ((n * 2_654_435_761) % 4_294_967_296).toString(16).padStart(8, '0');
}

async function perSecond(count: number, work: () => Promise<void> | void): Promise<number> {
  return Math.round((count * 1000) / (await timeMs(work)));
}

async function timeMs(work: () => Promise<void> | void): Promise<number> {
  const start = performance.now();
  await work();
  return performance.now() - start;
}

function report(rates: Record<string, number>): void {
  const result = { ...rates, anonymousMb: anonymousMb() };
  if (process.argv.includes('--json')) console.log(JSON.stringify(result));
  else for (const [name, rate] of Object.entries(result)) console.log(`${name.padEnd(28)}${rate.toLocaleString('en').padStart(14)}`);
}

await main();
