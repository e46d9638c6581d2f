/**
 * Inputs that are nearly right, by the thousand: nothing crashes, hangs, or takes memory without bound; what is refused is refused with a code.
 * `SKILLFORGE_FUZZ_MS` and `SKILLFORGE_FUZZ_SEED` make it longer, or another one.
 */
import { Worker } from 'node:worker_threads';
import { beforeAll, describe, expect, it } from 'vitest';
import type { FuzzOrder, FuzzTold } from './fuzzWorker.js';

const SEED = Number(process.env['SKILLFORGE_FUZZ_SEED'] ?? 20_261_129);
const TARGET_MS = Number(process.env['SKILLFORGE_FUZZ_MS'] ?? 500);
/** Far above what any input takes on a busy machine. */
const HANG_MS = 90_000;
const HEAP_MIB = 768;
const TARGETS = [
  'records of every topic',
  'headers of the engine',
  'control records and pointers',
  'lines of JSON for topics',
  'manifests and parts of models',
  'payloads of GrowthBook',
  'progress of tasks and values of Feast',
  'the gateway',
  'the reader',
  'command lines',
];

/** Runs the thread, and ends it where it says nothing new for too long. */
async function fuzzed(): Promise<FuzzTold[]> {
  const shared = new SharedArrayBuffer(8);
  const at = new Int32Array(shared);
  const order: FuzzOrder = { seed: SEED, targetMs: TARGET_MS, shared };
  const loader = import.meta.resolve('tsx/esm/api');
  const source = new URL('./fuzzWorker.ts', import.meta.url).href;
  const start = `const { register } = await import('${loader}'); register(); await import('${source}');`;
  const thread = new Worker(new URL(`data:text/javascript,${encodeURIComponent(start)}`), {
    ...{ workerData: order, execArgv: [], resourceLimits: { maxOldGenerationSizeMb: HEAP_MIB } },
  });
  const told: FuzzTold[] = [];
  let target = 'the start';
  return new Promise((resolve, reject) => {
    const fail = (what: string): void => reject(new Error(`${target}, seed ${SEED}, input ${at[0]!}: ${what}`));
    let [seen, seenMs] = [0, Infinity];
    const look = setInterval(() => {
      if (at[1] !== seen) [seen, seenMs] = [at[1]!, performance.now()];
      else if (performance.now() - seenMs > HANG_MS) {
        fail('hangs');
        void thread.terminate();
      }
    }, 500);
    thread.on('message', (message: FuzzTold | { readonly begun: string }) => {
      // To open a target may take its time: it is fed after that.
      seenMs = Infinity;
      if ('begun' in message) target = message.begun;
      else told.push(message);
    });
    // Memory that grows without bound ends the thread, too.
    thread.on('error', (error) => fail(String(error)));
    thread.on('exit', () => {
      clearInterval(look);
      resolve(told);
    });
  });
}

describe(`inputs that are nearly right, seed ${SEED}`, () => {
  let told: FuzzTold[] = [];
  beforeAll(async () => void (told = await fuzzed()), 300_000 + TARGETS.length * TARGET_MS * 2);

  it.each(TARGETS)('are taken or refused by %s', (name) => {
    const found = told.find(({ target }) => target === name);
    expect(found?.finding ?? null).toBeNull();
    expect(found!.inputs).toBeGreaterThan(20);
    expect(found!.slowestMs).toBeLessThan(HANG_MS);
  });
});
