/** The worker of a run, which metrics may watch. */
import type { Topology } from '../../operators/topology.js';
import { Worker, type WorkerOptions } from '../../runtime/engine/worker.js';
import type { RunMonitor } from '../../runtime/observability/index.js';
import type { Placement } from '../../runtime/ports.js';

/** A worker, and what ends the watching. */
export interface WatchedWorker {
  readonly worker: Worker;
  readonly unfollow: () => void;
}

/** @param monitor - `null` where nobody watches */
export function watchedWorker(
  topologies: readonly Topology[],
  placement: Placement,
  options: WorkerOptions,
  monitor: RunMonitor | null,
): WatchedWorker {
  if (monitor === null) return { worker: new Worker(topologies, placement, options), unfollow: () => undefined };
  const worker = new Worker(topologies, monitor.placement(placement), { ...options, models: monitor.models(options.models ?? null) });
  return { worker, unfollow: monitor.follow(worker) };
}
