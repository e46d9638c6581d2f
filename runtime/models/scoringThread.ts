import { once } from 'node:events';
import { MessageChannel, Worker, receiveMessageOnPort, type MessagePort } from 'node:worker_threads';
import { SkillForgeError, errorMessageOf } from '../../schemas/index.js';
import type { FeatureMatrix, Scores } from '../../operators/ports/ranker.js';
import { Halt } from '../engine/halt.js';
import { ASKED, COLUMNS, ENDED, IDLE, MODEL, PLACES, ROWS, STATE, type OnnxPair, type ScoringBuffers, type ScoringStart } from './scoringMemory.js';

/** A batch takes milliseconds. Whoever waits that long waits for a thread that died without a word. */
const MOST_WAIT_MS = 30_000;
/** In so many parts. */
const WAITS = 3;
const ROWS_AT_FIRST = 256;

/**
 * Scores batches on a thread of its own, where the ONNX runtime may be asynchronous, and waits for them: a decision is made in one go. One
 * batch at a time; buffers are shared with the thread, and grow as they must.
 */
export class ScoringThread {
  private readonly control: Int32Array;
  private buffers: ScoringBuffers;
  private features: Float32Array = new Float32Array(0);
  private scores: Scores = { next: this.features, new: this.features };
  /** What ended the thread. */
  private failure: SkillForgeError | null = null;

  /** @internal */
  constructor(
    readonly worker: Worker,
    private readonly port: MessagePort,
    control: SharedArrayBuffer,
    private readonly mostWaitMs: number,
  ) {
    this.control = new Int32Array(control);
    this.buffers = this.grow(ROWS_AT_FIRST, ROWS_AT_FIRST);
    worker.on('error', (error) => (this.failure ??= threadFailure(errorMessageOf(error))));
    worker.on('exit', () => (this.failure ??= threadFailure('it has ended')));
  }

  /**
   * Starts the thread with the rankers that it is to know.
   * @throws SFS_MODEL_DAMAGED where a ranker cannot be loaded, or does not take and give what it should
   */
  static async open(models: readonly OnnxPair[], { mostWaitMs = MOST_WAIT_MS } = {}): Promise<ScoringThread> {
    const control = new SharedArrayBuffer(4 * PLACES);
    const { port1, port2 } = new MessageChannel();
    const workerData: ScoringStart = { control, port: port2, models };
    const worker = startWorker({ workerData, transferList: [port2] });
    try {
      await Promise.race([once(port1, 'message'), once(worker, 'exit')]);
    } catch (cause) {
      port1.close();
      throw new SkillForgeError('SFS_MODEL_DAMAGED', `a model cannot be loaded: ${errorMessageOf(cause)}`, { cause });
    }
    // Whoever forgets to close is not kept from ending.
    worker.unref();
    port1.unref();
    return new ScoringThread(worker, port1, control, mostWaitMs);
  }

  /**
   * Scores of a batch by a pair of rankers, by its place among those of `open`. The caller reads them before the next call.
   * @throws a {@link Halt} because of SFS_MODEL_THREAD where the thread has ended or does not answer: the task stops, no record is to blame
   */
  score(model: number, { rows, columns, values }: FeatureMatrix): Scores {
    if (this.failure !== null) throw new Halt(this.failure);
    if (rows === 0) return this.scores;
    const count = rows * columns;
    if (count > this.features.length || rows > this.scores.next.length)
      this.buffers = this.grow(Math.max(2 * count, this.features.length), Math.max(2 * rows, this.scores.next.length));
    this.features.set(values.length === count ? values : values.subarray(0, count));
    this.control[MODEL] = model;
    this.control[ROWS] = rows;
    this.control[COLUMNS] = columns;
    this.ask();
    return this.scores;
  }

  /** Ends the thread and waits for its end. */
  async close(): Promise<void> {
    if (this.failure === null) {
      this.failure = threadFailure('it was closed');
      const ended = once(this.worker, 'exit');
      this.worker.ref();
      this.tell(ENDED);
      await ended;
    }
    await this.worker.terminate();
    this.port.close();
  }

  private ask(): void {
    const { control } = this;
    this.tell(ASKED);
    // A waker that was held up between its word and its call wakes whoever waits by then: only the state tells. And not in one go: when a machine
    // that was suspended goes on, all of a wait is over before the other thread has had its turn.
    for (let over = 0; over < WAITS && Atomics.load(control, STATE) === ASKED; )
      if (Atomics.wait(control, STATE, ASKED, this.mostWaitMs / WAITS) === 'timed-out') over++;
    const state = Atomics.load(control, STATE);
    if (state === IDLE) return;
    const said =
      (receiveMessageOnPort(this.port)?.message as string | undefined) ??
      (state === ASKED ? `it did not answer for ${this.mostWaitMs} ms` : 'it has ended');
    this.failure = threadFailure(said);
    throw new Halt(this.failure);
  }

  private tell(state: number): void {
    Atomics.store(this.control, STATE, state);
    Atomics.notify(this.control, STATE);
  }

  /** The thread takes the buffers when it takes the next batch. */
  private grow(features: number, rows: number): ScoringBuffers {
    const buffers = { features: new SharedArrayBuffer(4 * features), scores: new SharedArrayBuffer(8 * rows) };
    this.features = new Float32Array(buffers.features);
    this.scores = { next: new Float32Array(buffers.scores, 0, rows), new: new Float32Array(buffers.scores, 4 * rows, rows) };
    this.port.postMessage(buffers);
    return buffers;
  }
}

const threadFailure = (what: string): SkillForgeError =>
  new SkillForgeError('SFS_MODEL_THREAD', `the thread that scores with a model is gone: ${what}`, { retriable: true });

/** From the sources, the thread needs the loader of TypeScript, which does not come along by itself. */
function startWorker(options: ConstructorParameters<typeof Worker>[1]): Worker {
  if (import.meta.url.endsWith('.js')) return new Worker(new URL('./scoringWorker.js', import.meta.url), options);
  const loader = import.meta.resolve('tsx/esm/api');
  const source = new URL('./scoringWorker.ts', import.meta.url).href;
  const start = `const { register } = await import('${loader}'); register(); await import('${source}');`;
  return new Worker(new URL(`data:text/javascript,${encodeURIComponent(start)}`), { ...options, execArgv: [] });
}
