/** Runs a replay on Kafka and Redis: this process's share of its tasks, until all of them have caught up. */
import type { RunModels } from '../../runtime/engine/followedModels.js';
import type { Topology } from '../../operators/topology.js';
import { Worker } from '../../runtime/engine/worker.js';
import { OversightFollower } from '../../runtime/oversight/followOversight.js';
import type { ReplayPlace } from '../../runtime/replay/replayPlace.js';
import type { Replay } from '../../runtime/replay/replayState.js';
import { CatchUp } from './catchUp.js';
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

/**
 * Runs until all tasks of the replay, wherever they run, have taken what was in the log at the start; with `follow`, until a signal. That of a
 * range runs until all of them have closed their last windows.
 */
export async function runReplayOnCluster(place: ReplayPlace, servers: Servers, run: ReplayClusterRun): Promise<ReplayRunSummary> {
  const { topology, replay, models = null, options } = run;
  const { region, rate, batchRecords, follow = false } = options;
  const { placement, paid } = pacedPlacement(servers.cluster, [topology], { region, replay: { shadow: replay, recordsPerSecond: rate } });
  const worker = new Worker([topology], placement, {
    region,
    mode: replay.range === null ? 'follow' : 'end-of-input',
    // It lives by what people had decided when the live version lived, and by nothing that they decide now.
    models: new OversightFollower({ region, tools: place.tools, models, schemas: placement.schemas }),
    shadow: replay,
    limits: { maxRecords: pacedBatch(rate, batchRecords) },
  });
  const catchUp = new CatchUp(place, [replay.graph], { what: `replaying ${replayId(replay)}`, json: options.json === true });
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
    const watching = replay.range === null ? catchUp.toEnds(looking.signal) : catchUp.toEndOfInput(replay.ends ?? {}, looking.signal);
    const reached = watching.then(async (all) => {
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
