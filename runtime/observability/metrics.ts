/** What is measured: `docs/reference/metrics.md` is written from it. Names follow Prometheus: base units, `_total` for what only grows. */

/** How one metric is declared. */
export interface MetricDeclaration {
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly labels: readonly string[];
  readonly help: string;
  /** Upper bounds of a histogram, ascending, in the unit of its name. */
  readonly buckets?: readonly number[];
}

const TOPOLOGY = ['topology'] as const;
const counter = <L extends string>(labels: readonly L[], help: string) => ({ type: 'counter', labels, help }) as const;
const gauge = <L extends string>(labels: readonly L[], help: string) => ({ type: 'gauge', labels, help }) as const;

/** Commits take milliseconds on a disk of this machine, tens of them on servers, seconds where these are in trouble. */
const COMMIT_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10] as const;
/** A record waits for a commit at least, and for hours where a backlog is worked off. */
const DELAY_SECONDS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1_800, 7_200] as const;

/** Every metric of a run, by name. `topology` is `name@version`. */
export const METRICS = {
  skillforge_records_total: counter(TOPOLOGY, 'Records taken from sources by tasks of this process, as of their commits; markers are left out.'),
  skillforge_repeated_records_total: counter(TOPOLOGY, 'Records of sources that were there once more, and were passed over.'),
  skillforge_erased_records_total: counter(
    TOPOLOGY,
    'Records of sources that nobody can read any more, because the key of their learner was deleted: they were passed over.',
  ),
  skillforge_output_records_total: counter(TOPOLOGY, 'Records sent to topics, dead letters and control records included; markers are left out.'),
  skillforge_timers_total: counter(TOPOLOGY, 'Timers of event time that fired.'),
  skillforge_dead_letters_total: counter(TOPOLOGY, 'Records and timers that failed, and went to the dead letters.'),
  skillforge_dead_letters_by_code_total: counter(
    ['topology', 'code'],
    'The same by the code of the error. A code that did not happen in this process has no series: rates and alerts are for the metric above.',
  ),
  skillforge_refused_records_total: counter(
    ['topic', 'code'],
    'Records of the control topic that are of another region, or say nothing that can be read: no task applies them. Records of other topics become dead letters.',
  ),
  skillforge_late_records_total: counter(TOPOLOGY, 'Records that came behind their window, where the topology discards them.'),
  skillforge_lookup_misses_total: counter(TOPOLOGY, 'Records that found no row in a table, where the topology discards them.'),
  skillforge_unmatched_records_total: counter(
    TOPOLOGY,
    'Records that no branch took, or no record of the other side matched, where the topology discards them.',
  ),
  skillforge_commit_duration_seconds: {
    ...{ type: 'histogram', labels: TOPOLOGY, buckets: COMMIT_SECONDS },
    help: 'Time from asking for a commit until it is durable; its count is the number of commits.',
  },
  skillforge_commit_failures_total: counter(TOPOLOGY, 'Commits that failed: what was computed since the one before is computed again.'),
  skillforge_processing_delay_seconds: {
    ...{ type: 'histogram', labels: TOPOLOGY, buckets: DELAY_SECONDS },
    help: 'Time from when the log took a record until what came of it was durable: of each commit that took any, that of the oldest one, markers included.',
  },
  skillforge_state_reads_total: counter(TOPOLOGY, 'Rows of state that were not in memory, and were read from the store.'),
  skillforge_state_writes_total: counter(TOPOLOGY, 'Rows of state that commits wrote or deleted: however often a row changed in between, once.'),
  skillforge_state_write_bytes_total: counter(TOPOLOGY, 'Bytes of the rows that commits wrote, without their keys.'),
  skillforge_state_rows: gauge(
    TOPOLOGY,
    'Rows of state that the tasks of this process have on Redis, as of the last minute. Absent where topologies run on a folder.',
  ),
  skillforge_state_timers: gauge(TOPOLOGY, 'Timers of these tasks that wait there.'),
  skillforge_state_bytes: gauge(
    TOPOLOGY,
    'Memory that all of these tasks takes there, replicas left out: estimated from 50 rows of each key, as Redis tells it (MEMORY USAGE).',
  ),
  skillforge_cached_rows: gauge(TOPOLOGY, 'Rows of state that tasks of this process have in memory.'),
  skillforge_folder_bytes: gauge([], 'Bytes that the folder takes on the disk: log and state. Absent where topologies run on servers.'),
  skillforge_folder_free_bytes: gauge([], 'Bytes that are left for this user on the disk of the folder.'),
  skillforge_tasks: gauge(TOPOLOGY, 'Tasks that are run by this process.'),
  skillforge_declared_tasks: gauge(TOPOLOGY, 'Tasks that the topology has, in all processes together: what they run must add up to that.'),
  skillforge_lag_records: gauge(TOPOLOGY, 'Records that wait for the tasks of this process, by the difference of offsets.'),
  skillforge_watermark_timestamp_seconds: gauge(
    TOPOLOGY,
    'Least watermark of the tasks of this process: event time, since the epoch, up to which everything has been seen. Absent while a task has none.',
  ),
  skillforge_watermark_lag_seconds: gauge(
    TOPOLOGY,
    'Event time between the latest record that a task of this process has seen and the least watermark: how much is held open for what comes late.',
  ),
  skillforge_model_info: gauge(['model'], 'Always 1: the version of the model that made the latest decision, by event time.'),
  skillforge_model_events_total: counter(
    ['event', 'code'],
    'What happened while the alias of a model was followed; the code says why a version was refused, and is empty elsewhere.',
  ),
  skillforge_experiment_events_total: counter(
    ['event', 'code'],
    'What happened while experiments were followed; the code says why a payload, or a version of the model that it names, was refused.',
  ),
  skillforge_feature_psi: gauge(
    ['feature'],
    'Population stability index of a feature over the last whole day of event time against the training of the model. More than 0.25 is a shift.',
  ),
  skillforge_score_psi: gauge(['list'], 'The same of the scores that the model gave for a list.'),
  skillforge_drifted_features: gauge([], 'Features that have shifted, durations left out: they run with the calendar.'),
  skillforge_drift_detected: gauge([], '1 where so many features have shifted that the day is unlike the training, else 0.'),
  skillforge_drift_rows: gauge([], 'Candidates that the day was judged by: one in four.'),
  skillforge_drift_window_timestamp_seconds: gauge([], 'Event time, since the epoch, at which that day began.'),
} as const satisfies Readonly<Record<string, MetricDeclaration>>;

/** Name of a metric. */
export type MetricName = keyof typeof METRICS;

/** Names of the metrics of a type. */
export type NameOf<T extends MetricDeclaration['type']> = { [N in MetricName]: (typeof METRICS)[N]['type'] extends T ? N : never }[MetricName];

/** Values of the labels of a metric, by name. */
export type LabelsOf<N extends MetricName> = Readonly<Record<(typeof METRICS)[N]['labels'][number], string>>;
