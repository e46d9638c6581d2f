import type { Models } from '../../operators/ports/models.js';
import { isFollowed, watchedModels, type RunModels } from '../engine/followedModels.js';
import type { Task } from '../engine/task.js';
import type { Worker } from '../engine/worker.js';
import type { Placement, StateSize } from '../ports.js';
import { metered } from './commitMeter.js';
import { diskUse } from './diskUse.js';
import { DriftWatch } from './drift/driftWatch.js';
import type { MetricSink } from './metricSink.js';
import type { LabelsOf } from './metrics.js';
import type { PromMetrics } from './promMetrics.js';
import { StateSizes } from './stateSizes.js';
import type { TracedTasks } from './traces/tracedTasks.js';

/** Something that happened, as it is counted. */
interface ToldEvent {
  readonly kind: string;
  readonly code?: string | null | undefined;
}

/** What else a run is watched with; in brackets the defaults. */
export interface RunMonitorOptions {
  /** Asks for the sizes of state that is elsewhere (once a minute). */
  readonly sizes?: StateSizes;
  /** Tells traces of the tasks (nobody). */
  readonly traced?: TracedTasks | null;
}

/** What a run is watched with: it wraps what the worker runs over and decides with, and looks at its tasks when metrics are read. */
export class RunMonitor {
  private readonly drift = new DriftWatch();
  private readonly sizes: StateSizes;
  private worker: Worker | null = null;
  private folder: string | null = null;

  private readonly traced: TracedTasks | null;

  constructor(
    private readonly metrics: PromMetrics,
    { sizes = new StateSizes(), traced = null }: RunMonitorOptions = {},
  ) {
    this.sizes = sizes;
    this.traced = traced;
    metrics.onRead(() => this.collect());
  }

  /** What the worker is to run over instead. */
  placement(placement: Placement): Placement {
    const counted = metered(placement, this.metrics, { sizes: this.sizes });
    return this.traced?.placement(counted) ?? counted;
  }

  /** What the worker is to decide with instead. */
  models(models: RunModels | null): RunModels | null {
    if (models === null) return null;
    const watch = (one: Models): Models => this.drift.models(one);
    return isFollowed(models) ? watchedModels(models, watch) : watch(models);
  }

  /** Counts what happened to the model that is followed. @param kind - such as `adopted` or `refused` */
  modelEvent({ kind, code }: ToldEvent): void {
    this.metrics.add('skillforge_model_events_total', { event: kind, code: code ?? '' }, 1);
  }

  /** Counts what happened to the experiments that are followed. @param kind - such as `read` or `version-refused` */
  experimentEvent({ kind, code }: ToldEvent): void {
    this.metrics.add('skillforge_experiment_events_total', { event: kind, code: code ?? '' }, 1);
  }

  /** The folder whose disk is looked at. */
  watchFolder(path: string): void {
    this.folder = path;
  }

  /** The worker whose tasks are looked at. Returns what ends that: what it runs over may be closed then. */
  follow(worker: Worker): () => void {
    this.worker = worker;
    this.traced?.know(worker.deployments);
    const endAsking = this.sizes.begin();
    return () => {
      endAsking();
      this.worker = null;
    };
  }

  private collect(): void {
    collectTasks(this.metrics, this.worker ?? { deployments: [], runningTasks: [] });
    collectSizes(this.metrics, this.worker?.deployments ?? [], this.sizes);
    collectDrift(this.metrics, this.drift);
    collectFolder(this.metrics, this.folder);
  }
}

type TopologyLabels = LabelsOf<'skillforge_tasks'>;
type Unlabelled = Readonly<Record<string, never>>;

/** The series of a gauge without labels; none where nothing is known. */
const one = (value: number | null | undefined): [Unlabelled, number][] => (value === undefined || value === null ? [] : [[{}, value]]);

/** Gauges of the tasks that this process runs now, summed by topology. */
function collectTasks(sink: MetricSink, { deployments, runningTasks }: Pick<Worker, 'deployments' | 'runningTasks'>): void {
  const byTopology = deployments.map(({ id }) => [{ topology: id }, runningTasks.filter(({ name }) => name.startsWith(`${id}/`))] as const);
  const series = (valueOf: (tasks: readonly Task[]) => number | null): [TopologyLabels, number][] =>
    byTopology.flatMap(([labels, tasks]) => {
      const value = valueOf(tasks);
      return value === null ? [] : [[labels, value]];
    });
  sink.replace(
    'skillforge_tasks',
    series((tasks) => tasks.length),
  );
  sink.replace(
    'skillforge_declared_tasks',
    deployments.map(({ id, graph }) => [{ topology: id }, graph.subtopologies.reduce((total, { partitions }) => total + partitions, 0)]),
  );
  sink.replace(
    'skillforge_cached_rows',
    series((tasks) => tasks.reduce((total, { parts }) => total + parts.state.cachedRows, 0)),
  );
  sink.replace('skillforge_lag_records', series(lagOf));
  sink.replace(
    'skillforge_watermark_timestamp_seconds',
    series((tasks) => inSeconds(watermarkOf(tasks))),
  );
  sink.replace(
    'skillforge_watermark_lag_seconds',
    series((tasks) => inSeconds(clockOf(tasks) - watermarkOf(tasks))),
  );
}

function collectSizes(sink: MetricSink, deployments: Worker['deployments'], sizes: StateSizes): void {
  const known = deployments.flatMap(({ id: topology }) => {
    const size = sizes.of(topology);
    return size === null ? [] : [[{ topology }, size] as const];
  });
  const series = (figure: keyof StateSize): [TopologyLabels, number][] => known.map(([labels, size]) => [labels, size[figure]]);
  sink.replace('skillforge_state_rows', series('rows'));
  sink.replace('skillforge_state_timers', series('timers'));
  sink.replace('skillforge_state_bytes', series('bytes'));
}

/** `null` while a partition cannot be read: its task is being built anew. */
function lagOf(tasks: readonly Task[]): number | null {
  try {
    return tasks.reduce((total, { lag }) => total + lag, 0);
  } catch {
    return null;
  }
}

const watermarkOf = (tasks: readonly Task[]): number => Math.min(...tasks.map(({ progress }) => progress.watermarkMs));
const clockOf = (tasks: readonly Task[]): number => Math.max(...tasks.map(({ progress }) => progress.clockMs));

/** Nothing where no task has begun, or all is over. */
const inSeconds = (ms: number): number | null => (Number.isFinite(ms) ? ms / 1000 : null);

function collectDrift(sink: MetricSink, drift: DriftWatch): void {
  const { modelVersion } = drift;
  sink.replace('skillforge_model_info', modelVersion === null ? [] : [[{ model: modelVersion }, 1]]);
  const figures = drift.figures();
  sink.replace(
    'skillforge_feature_psi',
    [...(figures?.features ?? [])].map(([feature, value]) => [{ feature }, value]),
  );
  sink.replace(
    'skillforge_score_psi',
    Object.entries(figures?.scores ?? {}).map(([list, value]) => [{ list }, value]),
  );
  sink.replace('skillforge_drifted_features', one(figures?.drifted.length));
  sink.replace('skillforge_drift_detected', one(figures === null ? undefined : Number(figures.isDrifted)));
  sink.replace('skillforge_drift_rows', one(figures?.rows));
  sink.replace('skillforge_drift_window_timestamp_seconds', one(figures === null ? undefined : figures.fromMs / 1000));
}

function collectFolder(sink: MetricSink, folder: string | null): void {
  const use = folder === null ? null : diskUse(folder);
  sink.replace('skillforge_folder_bytes', one(use?.bytes));
  sink.replace('skillforge_folder_free_bytes', one(use?.freeBytes));
}
