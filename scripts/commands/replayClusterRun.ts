/** Runs a replay on Kafka and Redis: this process's share of its tasks, until all of them have caught up. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { Topology } from '../../operators/topology.js';
import { Worker } from '../../runtime/engine/worker.js';
import { endsOf, recordsBelow, type PartitionEnds } from '../../runtime/replay/catchingUp.js';
import type { ReplayPlace } from '../../runtime/replay/replayPlace.js';
import type { Replay } from '../../runtime/replay/replayState.js';
import { printJson } from './output.js';
import { ProgressLine } from './progressLine.js';
import { replayId } from './replayPlaces.js';
import { keepStatus, type ReplayRunOptions, type ReplayRunSummary } from './replayRunning.js';
import type { Servers } from './serverOptions.js';
import { StopSignals } from './stopSignals.js';
import { keepTopicSchemas } from './topicCodecs.js';
import { pacedBatch, pacedPlacement } from './topologyRun.js';

/** What to run. */
export interface ReplayClusterRun {
  readonly topology: Topology;
  readonly replay: Replay;
  /** What it decides with; none by default. */
  readonly models?: RunModels | null;
  readonly options: ReplayRunOptions;
}

const LOOK_MS = 1_000;

/** Runs until all tasks of the replay, wherever they run, have taken what was in the log at the start; with `follow`, until a signal. */
export async function runReplayOnCluster(place: ReplayPlace, servers: Servers, run: ReplayClusterRun): Promise<ReplayRunSummary> {
  const { topology, replay, models = null, options } = run;
  const { region, rate, batchRecords, follow = false } = options;
  const { placement, paid } = pacedPlacement(servers.cluster, [topology], { region, replay: { shadow: replay, recordsPerSecond: rate } });
  const worker = new Worker([topology], placement, {
    region,
    mode: 'follow',
    models,
    shadow: replay,
    limits: { maxRecords: pacedBatch(rate, batchRecords) },
  });
  const catchUp = new CatchUp(place, run);
  const looking = new AbortController();
  const end = (): void => {
    looking.abort();
    paid();
    worker.stop();
  };
  const signals = StopSignals.ofCommits(end);
  const startMs = performance.now();
  try {
    await worker.start();
    await keepTopicSchemas(place, worker.deployments);
    const reached = catchUp.watch(looking.signal).then(async (all) => {
      const caughtUp = await keepStatus(place, topology, all);
      if (all && !follow) end();
      return caughtUp;
    });
    // Ends the run, which ends the look.
    reached.catch(end);
    await worker.run();
    looking.abort();
    const caughtUp = await reached;
    return { replay: replayId(replay), processed: catchUp.taken, seconds: (performance.now() - startMs) / 1000, caughtUp };
  } finally {
    signals.release();
  }
}

/** Looks how far the tasks of a replay are, and shows it. */
class CatchUp {
  /** Records of the sources that were taken since the first look. */
  taken = 0;
  private readonly line: ProgressLine;

  constructor(
    private readonly place: ReplayPlace,
    private readonly run: ReplayClusterRun,
  ) {
    this.line = new ProgressLine(run.options.json === true);
  }

  /** Resolves when it has looked for the last time; `true` when the ends were reached. Sources first: what they cause comes to internal topics. */
  async watch(stopped: AbortSignal): Promise<boolean> {
    const { graph } = this.run.replay;
    let reached = false;
    for (let level = 0; level < graph.subtopologies.length && !stopped.aborted; level++) {
      const ends = await endsOf(this.place, graph, level === 0 ? 'sources' : 'internal');
      reached = await this.reach(ends, stopped, level === 0);
    }
    return reached;
  }

  private async reach(ends: PartitionEnds, stopped: AbortSignal, counts: boolean): Promise<boolean> {
    const total = ends.records;
    let first: number | null = null;
    for (;;) {
      const left = await recordsBelow(this.place, this.run.replay.graph, ends);
      first ??= left;
      if (counts) this.taken = first - left;
      const [done, what] = [total - left, `replaying ${replayId(this.run.replay)}`];
      this.line.update({ what, done, total, unit: 'records' });
      if (this.run.options.json) printJson({ progress: { done, total } });
      if (left === 0) return true;
      if (stopped.aborted) return false;
      await sleep(LOOK_MS, undefined, { signal: stopped }).catch(() => undefined);
      if (stopped.aborted) return false;
    }
  }
}
