/** The worker of a run, which goes by what people decide, and which metrics may watch. */
import type { Topology } from '../../operators/topology.js';
import { Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import { OversightFollower, type FollowOversightOptions } from '../../runtime/oversight/followOversight.js';
import type { Placement } from '../../runtime/ports.js';

/** A worker, and what ends the watching. */
export interface WatchedWorker {
  readonly worker: Worker;
  /** To be called before the worker starts: from then on it goes by what people decide. */
  readonly follow: () => Promise<void>;
  readonly unfollow: () => Promise<void>;
}

/** What a worker is run over, and what it is watched with. */
export interface WatchedParts {
  readonly placement: Placement;
  /** Where the control topic is read. */
  readonly tools: FollowOversightOptions['tools'];
  /** `null` where nobody watches. */
  readonly monitor: RunMonitor | null;
}

/** Made but not started. */
export function watchedWorker(topologies: readonly Topology[], parts: WatchedParts, options: WorkerOptions): WatchedWorker {
  const { placement, tools, monitor } = parts;
  const watched = monitor === null ? (options.models ?? null) : monitor.models(options.models ?? null);
  const models = new OversightFollower({ region: options.region, tools, models: watched, schemas: placement.schemas });
  const worker = new Worker(topologies, monitor?.placement(placement) ?? placement, { ...options, models });
  const unfollow = monitor?.follow(worker);
  return {
    worker,
    follow: () => models.begin(),
    unfollow: async () => {
      unfollow?.();
      await models.close();
    },
  };
}
