import { countersIn, type TaskCounters } from '../engine/progress.js';
import type { Placement, StateWrite, TaskAccess, TaskCommit, TaskPosition, TaskStore } from '../ports.js';
import { wrapped } from '../replay/wrapped.js';
import { AppendTimes } from './appendTimes.js';
import { DeadLetterCodes } from './deadLetterCodes.js';
import type { MetricSink } from './metricSink.js';
import type { LabelsOf, NameOf } from './metrics.js';
import type { StateSizes } from './stateSizes.js';

/** The metric of each counter of a task. */
const METRIC_OF: Readonly<Record<keyof Required<TaskCounters>, NameOf<'counter'>>> = {
  records: 'skillforge_records_total',
  repeated: 'skillforge_repeated_records_total',
  erased: 'skillforge_erased_records_total',
  timers: 'skillforge_timers_total',
  outputs: 'skillforge_output_records_total',
  deadLetters: 'skillforge_dead_letters_total',
  late: 'skillforge_late_records_total',
  misses: 'skillforge_lookup_misses_total',
  unmatched: 'skillforge_unmatched_records_total',
};
const COUNTERS = Object.keys(METRIC_OF) as (keyof TaskCounters)[];
/** They begin at 0 with the task: Prometheus sees no increase where a series begins with one. */
const ZEROED = [
  ...Object.values(METRIC_OF),
  'skillforge_commit_failures_total',
  'skillforge_state_reads_total',
  'skillforge_state_writes_total',
  'skillforge_state_write_bytes_total',
] as const;

/** What else hears of tasks, and their clock. */
export interface MeteredOptions {
  /** Hears which tasks are open; nobody unless given. */
  readonly sizes?: StateSizes;
  /** Wall clock, ms since the epoch, as that by which the log tells when it took a record (`Date.now`). */
  readonly now?: () => number;
}

/**
 * The same placement, whose commits are timed and counted. Tasks count everything that they ever did and commit it with their progress: what a commit
 * adds to that is what this process did, whoever had the task before, and however often it was computed.
 */
export function metered(placement: Placement, sink: MetricSink, { sizes, now = Date.now }: MeteredOptions = {}): Placement {
  const codes = new DeadLetterCodes(placement.schemas);
  const counted = wrapped(placement, (access, { name, group: topology }) => {
    const task = new MeteredTask(access, name, { topology }, { sink, codes, now });
    const unwatch = sizes?.watch(access, topology);
    return {
      close: () => {
        unwatch?.();
        return access.close();
      },
      log: task.times.reading(access.log),
      tasks: task.countingReads(),
      begin: (positions) => task.begin(positions),
      commit: (commit, positions) => task.commit(commit, positions),
    };
  });
  return { ...counted, refused: (topic, code) => sink.add('skillforge_refused_records_total', { topic, code }, 1) };
}

interface Meters {
  readonly sink: MetricSink;
  readonly codes: DeadLetterCodes;
  readonly now: () => number;
}

/** One task as its commits show it. */
class MeteredTask {
  readonly times = new AppendTimes();
  private before: TaskCounters | null = null;
  /** Reads of state since the last commit. */
  private reads = 0;

  constructor(
    private readonly access: TaskAccess,
    private readonly name: string,
    private readonly labels: LabelsOf<'skillforge_records_total'>,
    private readonly meters: Meters,
  ) {}

  countingReads(): TaskStore {
    const { tasks } = this.access;
    return {
      progress: (task) => tasks.progress(task),
      get: (task, store, key) => {
        this.reads++;
        return tasks.get(task, store, key);
      },
      queueHead: (task, limit, afterEntry) => tasks.queueHead(task, limit, afterEntry),
    };
  }

  async begin(positions: readonly TaskPosition[]): Promise<void> {
    const committed = await this.access.tasks.progress(this.name);
    this.before = committed === null ? null : countersIn(committed);
    this.times.begin(positions);
    for (const metric of ZEROED) this.meters.sink.add(metric, this.labels, 0);
    await this.access.begin(positions);
  }

  async commit(commit: TaskCommit, positions: readonly TaskPosition[]): Promise<void> {
    const { labels, before } = this;
    const { sink, codes } = this.meters;
    const now = countersIn(commit.progress);
    const written = bytesOf(commit.state);
    const letters = now.deadLetters > (before?.deadLetters ?? 0) ? codes.in(commit.outputs) : new Map<string, number>();
    const startMs = performance.now();
    try {
      await this.access.commit(commit, positions);
    } catch (error) {
      sink.add('skillforge_commit_failures_total', labels, 1);
      throw error;
    }
    sink.observe('skillforge_commit_duration_seconds', labels, (performance.now() - startMs) / 1000);
    for (const counter of COUNTERS) sink.add(METRIC_OF[counter], labels, (now[counter] ?? 0) - (before?.[counter] ?? 0));
    this.before = now;
    for (const [code, count] of letters) sink.add('skillforge_dead_letters_by_code_total', { ...labels, code }, count);
    sink.add('skillforge_state_writes_total', labels, commit.state.length);
    sink.add('skillforge_state_write_bytes_total', labels, written);
    this.tellReads();
    this.tellDelay(positions);
  }

  private tellReads(): void {
    this.meters.sink.add('skillforge_state_reads_total', this.labels, this.reads);
    this.reads = 0;
  }

  private tellDelay(positions: readonly TaskPosition[]): void {
    const { sink, now } = this.meters;
    const takenMs = this.times.pass(positions);
    // The clock of a broker may be ahead of this one.
    if (takenMs !== null) sink.observe('skillforge_processing_delay_seconds', this.labels, Math.max(0, now() - takenMs) / 1000);
  }
}

const bytesOf = (state: readonly StateWrite[]): number => state.reduce((total, { value }) => total + (value?.length ?? 0), 0);
