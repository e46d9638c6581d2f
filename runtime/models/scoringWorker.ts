/**
 * The thread that scores: waits for a batch, scores it for both lists, and waits again. It blocks while it waits, which wakes faster than an
 * event loop does; messages are taken when a batch is.
 */
import { receiveMessageOnPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { errorMessageOf } from '../../schemas/index.js';
import { ASKED, COLUMNS, ENDED, FAILED, IDLE, MODEL, ROWS, STATE, type OnnxPair, type ScoringBuffers, type ScoringStart } from './scoringMemory.js';

interface Session {
  readonly next: InferenceSession;
  readonly new: InferenceSession;
}

/** One thread for each batch: more of them would add up the leaves in another order, and be slower at a few hundred rows. */
const OPTIONS = { intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential' } as const;

const { port, models, ...start } = workerData as ScoringStart;
const control = new Int32Array(start.control);
let features: Float32Array = new Float32Array(0);
let scores: Float32Array = new Float32Array(0);

/** Whatever ends this thread, the other one does not wait for it. */
process.on('exit', () => answer(ENDED));

function answer(state: number): void {
  Atomics.store(control, STATE, state);
  Atomics.notify(control, STATE);
}

async function opened({ folder, next, new: fresh, columns }: OnnxPair): Promise<Session> {
  try {
    const session = { next: await InferenceSession.create(next, OPTIONS), new: await InferenceSession.create(fresh, OPTIONS) };
    // What does not fit shows now, not at the first decision.
    for (const one of [session.next, session.new]) await scored(one, new Float32Array(columns), 1, columns);
    return session;
  } catch (cause) {
    throw new Error(`the rankers of ${folder}: ${errorMessageOf(cause)}`, { cause });
  }
}

async function scored(session: InferenceSession, values: Float32Array, rows: number, columns: number): Promise<Float32Array> {
  const { score } = await session.run({ features: new Tensor('float32', values, [rows, columns]) });
  if (score?.data instanceof Float32Array && score.data.length === rows) return score.data;
  throw new Error(`output "score" is not one float a row: ${JSON.stringify(score?.dims)}`);
}

function takeBuffers(): void {
  for (let got = receiveMessageOnPort(port); got !== undefined; got = receiveMessageOnPort(port)) {
    const buffers = got.message as ScoringBuffers;
    features = new Float32Array(buffers.features);
    scores = new Float32Array(buffers.scores);
  }
}

async function scoreBatch(sessions: readonly Session[]): Promise<void> {
  takeBuffers();
  const pair = sessions[control[MODEL]!]!;
  const [rows, columns] = [control[ROWS]!, control[COLUMNS]!];
  // A tensor takes no shared memory.
  const values = features.slice(0, rows * columns);
  scores.set(await scored(pair.next, values, rows, columns), 0);
  scores.set(await scored(pair.new, values, rows, columns), scores.length / 2);
}

async function serve(sessions: readonly Session[]): Promise<void> {
  for (;;) {
    // Its last asker may have been held up between its word and its call, and wakes this thread after the answer: only the state tells.
    while (Atomics.load(control, STATE) === IDLE) Atomics.wait(control, STATE, IDLE);
    if (Atomics.load(control, STATE) !== ASKED) return;
    try {
      await scoreBatch(sessions);
      answer(IDLE);
    } catch (error) {
      port.postMessage(errorMessageOf(error));
      answer(FAILED);
      return;
    }
  }
}

const sessions: Session[] = [];
for (const pair of models) sessions.push(await opened(pair));
port.postMessage(null);
await serve(sessions);
for (const { next, new: fresh } of sessions) await Promise.all([next.release(), fresh.release()]);
port.close();
