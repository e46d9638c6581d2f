/** Runs topologies on several threads of this process, which share the tasks out among them. See ADR 0036. */
import { Worker as Thread } from 'node:worker_threads';
import type { Topology } from '../../operators/topology.js';
import { SkillForgeError } from '../../schemas/index.js';
import { StorageOwner } from '../../runtime/embedded/threads/storageOwner.js';
import { receivedError } from '../../runtime/embedded/threads/threadMessages.js';
import { Worker } from '../../runtime/engine/worker.js';
import type { FromRunThread, RunThreadStart, ThreadsWanted } from './runThreadMessages.js';
import { keepTopicSchemas } from './topicCodecs.js';
import { stopsOf, sumCounters, type RunProgress, type RunRequest, type RunSummary, type TopologyTotals } from './topologyRun.js';

/**
 * As a run on one thread: it ends where the mode does, with a signal, or with the first failure of any thread, and then all threads end.
 * @throws SFS_RUN_THREAD where a thread ends without a word, and what a worker's start and a commit throw
 */
export async function runOnThreads(threads: ThreadsWanted, topologies: readonly Topology[], request: RunRequest): Promise<RunSummary> {
  const { storage, count } = threads;
  const { region, mode } = request;
  const worker = new Worker(topologies, storage, { region, mode });
  await worker.prepare();
  await keepTopicSchemas(storage, worker.deployments);
  // What the threads read at their start.
  await storage.flushed();
  const owner = new StorageOwner(storage, count);
  const run = new ThreadedRun(threads, owner, request);
  const stop = stopsOf([() => run.stop()], request.stopped);
  const startMs = performance.now();
  try {
    const summaries = await run.ended();
    return summed(summaries, { seconds: (performance.now() - startMs) / 1000, stopped: stop.stopped() });
  } finally {
    stop.release();
    owner.close();
  }
}

/** The threads of a run. */
class ThreadedRun {
  private readonly threads: readonly Thread[];
  private readonly progress: RunProgress[] = [];
  private readonly summaries: RunSummary[] = [];
  private failure: Error | null = null;

  constructor(
    wanted: ThreadsWanted,
    owner: StorageOwner,
    private readonly request: RunRequest,
  ) {
    const { region, mode, batchRecords, idleMs, markerMs } = request;
    const { folder, files, models } = wanted;
    this.threads = owner.ports.map((port, index) => {
      const share = { index, count: wanted.count };
      const start: RunThreadStart = { folder, files, models, share, port, request: { region, mode, batchRecords, idleMs, markerMs } };
      return startThread({ workerData: start, transferList: [port] });
    });
    for (const [index, thread] of this.threads.entries()) this.watch(index, thread);
  }

  /** Asks all threads to end after the commits in progress. */
  stop(): void {
    for (const thread of this.threads) thread.postMessage('stop');
  }

  /** Resolves when no thread is left. @throws the first failure */
  async ended(): Promise<readonly RunSummary[]> {
    await Promise.all(this.threads.map((thread) => new Promise((resolve) => thread.once('exit', resolve))));
    if (this.failure !== null) throw this.failure;
    return this.summaries;
  }

  private watch(index: number, thread: Thread): void {
    thread.on('message', (said: FromRunThread) => this.hear(index, said));
    thread.on('error', (cause: Error) => this.fail(new SkillForgeError('SFS_RUN_THREAD', `a thread of the run ended: ${cause.message}`, { cause })));
    thread.on('exit', () => {
      if (this.summaries[index] === undefined) this.fail(new SkillForgeError('SFS_RUN_THREAD', 'a thread of the run ended before its work was done'));
    });
  }

  private hear(index: number, said: FromRunThread): void {
    if (said.kind === 'failed') this.fail(receivedError(said.error));
    else if (said.kind === 'ended') this.summaries[index] = said.summary;
    else this.tell(index, said.progress);
  }

  /** The others would wait for the results of one that is gone. */
  private fail(error: Error): void {
    this.failure ??= error;
    this.stop();
  }

  private tell(index: number, progress: RunProgress): void {
    this.progress[index] = progress;
    const known = Object.values(this.progress);
    if (known.length === this.threads.length) this.request.onProgress?.(summedProgress(known));
  }
}

/** From the sources, a thread needs the loader of TypeScript, which does not come along by itself. */
function startThread(options: ConstructorParameters<typeof Thread>[1]): Thread {
  if (import.meta.url.endsWith('.js')) return new Thread(new URL('./runThread.js', import.meta.url), options);
  const loader = import.meta.resolve('tsx/esm/api');
  const source = new URL('./runThread.ts', import.meta.url).href;
  const start = `const { register } = await import('${loader}'); register(); await import('${source}');`;
  return new Thread(new URL(`data:text/javascript,${encodeURIComponent(start)}`), { ...options, execArgv: [] });
}

function summedProgress(all: readonly RunProgress[]): RunProgress {
  const watermarks = all.flatMap(({ watermarkMs }) => watermarkMs ?? []);
  return { ...sums(all), watermarkMs: watermarks.length === 0 ? null : Math.min(...watermarks) };
}

function summed(all: readonly RunSummary[], { seconds, stopped }: Pick<RunSummary, 'seconds' | 'stopped'>): RunSummary {
  const topologies = all[0]!.topologies.map(({ topology }, at) =>
    summedTotals(
      topology,
      all.map((one) => one.topologies[at]!),
    ),
  );
  return { topologies, ...sums(all), seconds, stopped };
}

function summedTotals(topology: string, all: readonly TopologyTotals[]): TopologyTotals {
  const tasks = all.reduce((total, one) => total + one.tasks, 0);
  const lag = all.reduce((total, one) => total + one.lag, 0);
  return { topology, tasks, lag, counters: sumCounters(all.map(({ counters }) => counters)) };
}

const sums = (all: readonly Pick<RunProgress, 'processed' | 'lag'>[]): Pick<RunProgress, 'processed' | 'lag'> => ({
  processed: all.reduce((total, { processed }) => total + processed, 0),
  lag: all.reduce((total, { lag }) => total + lag, 0),
});
