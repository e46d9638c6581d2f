/**
 * How long the server is held up by one script call, while batches of the largest usual size go through it. Others wait for as long, so ADR 0011
 * wants it below 5 ms.
 */
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { MOST_BYTES, MOST_WRITES } from '../../../runtime/redis/packing.js';
import { MOST_READ } from '../../../runtime/redis/rows.js';
import { RegionKeys } from '../../../runtime/redis/taskKeys.js';
import type { TaskBatch } from '../../../runtime/redis/index.js';
import { batchOf, TASK } from './batches.js';
import { RedisUnderTest, SLOW_MS } from './server.js';

const redis = new RedisUnderTest('single');

const ROWS = 20_000;
const ROW_BYTES = 500;
/** Of each kind of call there are hundreds. */
const ROUNDS = 3;
const TRIES = 3;
const MOST_US = 5_000;
/** A call that takes so many times the server's processor time was held up by the machine. */
const BUSY = 4;

/** The server's own figures of the calls of one kind. */
interface Calls {
  readonly calls: number;
  readonly us: number;
  /** Processor time of the server's thread, with what it takes to receive and to answer them. */
  readonly processorUs: number;
  /** Of at least {@link MOST_US}. */
  readonly slow: number;
  readonly longestUs: number;
}

const KINDS = ['stage', 'apply', 'recover', 'read'] as const;
type Kind = (typeof KINDS)[number];
type Figures = Record<Kind, Calls>;

/** Half of the rows are those of the round before, half are new. */
function batch(round: number): TaskBatch {
  const row = (n: number): string => `learner-${n + (round * ROWS) / 2}`;
  return batchOf(Array.from({ length: ROWS }, (_, n) => ({ store: 'counts', key: row(n), value: Buffer.alloc(ROW_BYTES, n) })));
}

async function processorUs(server: Redis): Promise<number> {
  const info = await server.info('cpu');
  const seconds = [...info.matchAll(/^used_cpu_(?:user|sys)_main_thread:([\d.]+)/gm)].map((match) => Number(match[1]));
  expect(seconds).toHaveLength(2);
  return 1e6 * (seconds[0]! + seconds[1]!);
}

/** The calls of one script command while something was done. */
async function callsOf(server: Redis, command: 'eval' | 'eval_ro', work: () => Promise<unknown>): Promise<Calls> {
  await server.config('RESETSTAT');
  await server.slowlog('RESET');
  const before = await processorUs(server);
  await work();
  const used = (await processorUs(server)) - before;
  const found = new RegExp(`^cmdstat_${command}:calls=(\\d+),usec=(\\d+),`, 'm').exec(await server.info('commandstats'));
  const slow = (await server.slowlog('GET', 1_000)) as [id: number, atSeconds: number, us: number][];
  const times = slow.map(([, , us]) => us);
  return { calls: Number(found?.[1]), us: Number(found?.[2]), processorUs: used, slow: times.length, longestUs: Math.max(0, ...times) };
}

const sumOf = (a: Calls, b: Calls): Calls => ({
  calls: a.calls + b.calls,
  us: a.us + b.us,
  processorUs: a.processorUs + b.processorUs,
  slow: a.slow + b.slow,
  longestUs: Math.max(a.longestUs, b.longestUs),
});

/** Rows and bytes of each chunk that is staged, as the server reads them. */
const SIZES = `
local sizes = {}
for at = 0, redis.call('HGET', KEYS[1], 'total') - 1 do
  local chunk, rows = redis.call('HGET', KEYS[1], at), 0
  for _, command in ipairs(cmsgpack.unpack(chunk)) do rows = rows + (#command - 2) / 2 end
  sizes[#sizes + 1] = { rows, #chunk }
end
return sizes
`;

interface Measured {
  readonly figures: Figures;
  /** [rows, bytes] of all chunks that were staged to be applied. */
  readonly chunks: readonly (readonly [rows: number, bytes: number])[];
}

/** Stages, applies, reads and recovers, each kind of call counted by itself. */
async function measure(server: Redis): Promise<Measured> {
  const region = redis.freshRegion();
  const state = await redis.open({ region });
  const none: Calls = { calls: 0, us: 0, processorUs: 0, slow: 0, longestUs: 0 };
  const figures: Figures = { stage: none, apply: none, recover: none, read: none };
  const count = async (kind: Kind, work: () => Promise<unknown>): Promise<void> => {
    figures[kind] = sumOf(figures[kind], await callsOf(server, kind === 'read' ? 'eval_ro' : 'eval', work));
  };
  const chunks: [number, number][] = [];
  const { staged } = new RegionKeys(region, 'skillforge').task(TASK);
  let task = await state.claim(TASK);
  await task.recover(null);
  for (let round = 0; round < ROUNDS; round++) {
    const [first, second] = [batch(2 * round), batch(2 * round + 1)];
    await count('stage', () => task.stage(first));
    chunks.push(...((await server.eval(SIZES, 1, staged)) as [number, number][]));
    await count('apply', () => task.apply(first.id));
    await count('read', () => task.fetch(first.state));
    await task.stage(second);
    task = await state.claim(TASK);
    await count('recover', () => task.recover(second.id));
  }
  return { figures, chunks };
}

const meanUs = ({ calls, us }: Calls): number => us / calls;
const processorMeanUs = ({ calls, processorUs: us }: Calls): number => us / calls;

function textOf(figures: Figures): string {
  const ms = (us: number): string => `${(us / 1_000).toFixed(2)} ms`;
  const line = ([kind, one]: [string, Calls]): string =>
    `${kind}: ${one.calls} calls, mean ${ms(meanUs(one))}, processor ${ms(processorMeanUs(one))}, ${one.slow} of 5 ms or more` +
    (one.slow > 0 ? `, longest ${ms(one.longestUs)}` : '');
  return Object.entries(figures).map(line).join('\n');
}

/** What holds on any machine. */
function expectBounded({ figures, chunks }: Measured): void {
  expect(chunks.reduce((sum, [rows]) => sum + rows, 0)).toBe(ROUNDS * ROWS);
  expect(Math.max(...chunks.map(([rows]) => rows))).toBeLessThanOrEqual(MOST_WRITES);
  expect(Math.max(...chunks.map(([, bytes]) => bytes))).toBeLessThanOrEqual(1.1 * MOST_BYTES);
  const { stage, apply, recover, read } = figures;
  // One call a chunk.
  expect([stage, apply, recover].map(({ calls }) => calls)).toEqual([chunks.length, chunks.length, chunks.length]);
  expect(read.calls).toBe((ROUNDS * ROWS) / MOST_READ);
}

const measured: Measured[] = [];

/** Measures once more, and prints the figures. */
async function another(): Promise<Measured> {
  const server = redis.client();
  await server.config('SET', 'slowlog-log-slower-than', MOST_US);
  await server.config('SET', 'slowlog-max-len', 1_000);
  const one = await measure(server);
  measured.push(one);
  console.log(`${ROUNDS} batches of ${ROWS} rows of ${ROW_BYTES} bytes\n${textOf(one.figures)}`);
  return one;
}

/** The slowest kind of call, each in its best measurement. */
function slowest(): Calls {
  const bestOf = (kind: Kind): Calls => measured.map(({ figures }) => figures[kind]).reduce((a, b) => (meanUs(b) < meanUs(a) ? b : a));
  return KINDS.map(bestOf).reduce((a, b) => (meanUs(b) > meanUs(a) ? b : a));
}

describe('a script call', { timeout: TRIES * SLOW_MS }, () => {
  it('gets a bounded piece of a batch, and takes less than 5 ms of processor time in the mean', async () => {
    const one = await another();
    expectBounded(one);
    expect(Math.max(...KINDS.map((kind) => processorMeanUs(one.figures[kind]))), 'µs').toBeLessThan(MOST_US);
  });

  it('takes less than 5 ms in the mean', async (context) => {
    while (measured.length === 0 || (meanUs(slowest()) >= MOST_US && measured.length < TRIES)) expectBounded(await another());
    const found = slowest();
    const mean = meanUs(found);
    const isBusy = mean >= MOST_US && mean > BUSY * processorMeanUs(found);
    const figures = `${(processorMeanUs(found) / 1_000).toFixed(1)} ms of processor time took ${(mean / 1_000).toFixed(1)} ms`;
    context.skip(isBusy, `the machine holds the server up: ${figures} in the best of ${TRIES} measurements`);
    expect(mean, 'µs').toBeLessThan(MOST_US);
  });
});
