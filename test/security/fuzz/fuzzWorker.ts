/** A thread that feeds targets, one after the other. Before each input it says its number where the test looks: a thread that hangs says no other. */
import { parentPort, workerData } from 'node:worker_threads';
import { Chance } from './chance.js';
import { decoderTargets } from './decoders.js';
import { inputTargets } from './inputs.js';

/** What the thread is told. */
export interface FuzzOrder {
  readonly seed: number;
  /** Time for each target, ms. */
  readonly targetMs: number;
  /** A single input of a single target, to look at it again. */
  readonly only?: { readonly target: string; readonly input: number };
  /** The number of the input at hand, and the greatest number of bytes outside of the heap. */
  readonly shared: SharedArrayBuffer;
}

/** What the thread tells of a target. */
export interface FuzzTold {
  readonly target: string;
  readonly inputs: number;
  /** The slowest input, ms. */
  readonly slowestMs: number;
  /** Of the first finding. */
  readonly finding: { readonly input: number; readonly text: string } | null;
}

const { seed, targetMs, only, shared } = workerData as FuzzOrder;
const at = new Int32Array(shared);
// A thousand inputs are fed without a turn of the event loop: the garbage collector runs all the same.
const BOUND_BYTES = 512 << 20;
/** However slow the machine is. */
const LEAST = 25;

for (const target of [...decoderTargets, ...inputTargets]) {
  if (only !== undefined && only.target !== target.name) continue;
  parentPort!.postMessage({ begun: target.name });
  const opened = await target.open();
  let [inputs, slowestMs, finding] = [0, 0, null as FuzzTold['finding']];
  const endMs = performance.now() + targetMs;
  while (finding === null && (only === undefined ? inputs < LEAST || performance.now() < endMs : inputs <= only.input)) {
    const input = inputs++;
    if (only !== undefined && input !== only.input) continue;
    at[0] = input;
    at[1] = (at[1]! + 1) | 0;
    const startMs = performance.now();
    try {
      // Each input has a seed of its own: it can be fed alone.
      await opened.feed(new Chance(seed + input * 2_654_435_761));
      assertBounded();
    } catch (error) {
      finding = { input, text: error instanceof Error ? (error.stack ?? error.message) : String(error) };
    }
    slowestMs = Math.max(slowestMs, performance.now() - startMs);
  }
  parentPort!.postMessage({ target: target.name, inputs, slowestMs, finding } satisfies FuzzTold);
  await opened.close?.();
}

/** @throws where buffers take more than they may */
function assertBounded(): void {
  const { arrayBuffers, external } = process.memoryUsage();
  if (arrayBuffers + external > BOUND_BYTES) throw new Error(`${(arrayBuffers + external) >> 20} MiB outside of the heap`);
}
