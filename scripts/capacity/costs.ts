/** What one event, decision, learner or record costs: every number that capacity is planned with, and where it is from. */

/** A number and its origin. */
export interface Cost {
  readonly value: number;
  /** Such as `bytes` or `µs of processor time`. */
  readonly unit: string;
  /** What costs it. */
  readonly of: string;
  readonly from: Origin;
}

/**
 * `measured`: a page of the documents says it, in these words, which a test looks up. `school`: it is of the run that `docs/reference/capacity.md` tells of,
 * and the test of that run measures it anew. `server`: a test asks the server. `assumed`: nobody has measured it; it is a choice, with its reason.
 */
export type Origin =
  | { readonly kind: 'measured'; readonly page: string; readonly quote: string; readonly note?: string }
  | { readonly kind: 'school'; readonly note: string }
  | { readonly kind: 'server'; readonly note: string }
  | { readonly kind: 'assumed'; readonly note: string };

const PERFORMANCE = 'docs/explanation/performance.md';
const READER = 'docs/adr/0009-thin-reader.md';

const measured = (page: string, quote: string, note?: string): Origin => ({ kind: 'measured', page, quote, ...(note !== undefined && { note }) });
const school = (note: string): Origin => ({ kind: 'school', note });
const server = (note: string): Origin => ({ kind: 'server', note });
const assumed = (note: string): Origin => ({ kind: 'assumed', note });

/** The school that costs were taken from: `skillforge generate` with these options, then all nine topologies to the end. */
export const MEASURED_SCHOOL = { learners: 150, days: 35, eventsPerDay: 750 } as const;

/** Every cost, by name. */
export const COSTS = {
  recordsPerEvent: { value: 5.17, unit: 'records', of: 'an event, over all topologies', from: school('records taken by all tasks, by clicks') },
  recordCpuUs: {
    value: 47,
    unit: 'µs of processor time',
    of: 'a record that a topology takes, on Kafka and Redis',
    from: measured(
      PERFORMANCE,
      '| this project, 1 process | 3 | 23,772 | 47 |',
      'the dearest of three runs, of a topology that publishes seven windows',
    ),
  },
  decisionsPerLearnerDay: {
    value: 1.66,
    unit: 'decisions',
    of: 'a learner and day',
    from: school('run one group after the other, topologies differ from that by 1.7 times; OULAD learners had 0.8'),
  },
  closingDecisionsPerLearner: {
    value: 0.66,
    unit: 'decisions',
    of: 'a learner, when a day closes',
    from: school('those of the last hour of a day: its windows close for everyone at once'),
  },
  decisionCpuUs: {
    value: 3_730,
    unit: 'µs of processor time',
    of: 'a decision of 204 candidates by a model',
    from: measured(PERFORMANCE, 'the demo model 3,600', 'with 130 µs to decode the row, on a machine under load; the formula takes 2,200'),
  },
  eventBytes: { value: 119, unit: 'bytes', of: 'an event in its topic', from: school('clicks, quiz results and statements of the LMS, by clicks') },
  derivedBytes: {
    value: 105,
    unit: 'bytes',
    of: 'an event, in what is derived of it for other topologies',
    from: school('features, activity, mastery, contexts'),
  },
  internalBytes: {
    value: 76,
    unit: 'bytes',
    of: 'an event, in topics between the parts of a topology',
    from: school('partial sums by item, cohort, skill and segment'),
  },
  featureLogBytes: { value: 1_194, unit: 'bytes', of: 'a decision, in the feature log', from: school('of every eighth decision, all candidates') },
  recommendationBytes: { value: 1_743, unit: 'bytes', of: 'a record of recommendations', from: school('the design allows 2 KB on average') },
  rowsPerLearner: { value: 8.5, unit: 'rows', of: 'a learner, in all stores', from: school('stores whose rows grow with learners') },
  rowBytesPerLearner: { value: 1_440, unit: 'bytes', of: 'a learner, in rows that do not grow with items', from: school('the same, keys included') },
  stateBytesPerItem: {
    value: 67,
    unit: 'bytes',
    of: 'an item that a learner has used',
    from: measured(
      PERFORMANCE,
      'the row has 10 KB',
      '40 in the row of the recommendations, which has 250 items; by the school 27 in that of the cohort trends',
    ),
  },
  timersPerLearner: { value: 2.1, unit: 'timers', of: 'a learner', from: school('timers that are set at the end') },
  globalBytesPerCourse: {
    value: 52_600,
    unit: 'bytes',
    of: 'a course, in the global tables of one partition',
    from: school('four courses in twelve partitions'),
  },
  redisRowBytes: {
    value: 90,
    unit: 'bytes',
    of: 'a row in Redis, besides key and value',
    from: server('59 to 86 in Redis 7.0, by the room that its tables have left'),
  },
  redisTimerBytes: { value: 150, unit: 'bytes', of: 'a timer in Redis, its member included', from: server('144 in Redis 7.0') },
  redisRowCpuUs: {
    value: 6,
    unit: 'µs of processor time',
    of: 'a row that is read, staged and applied',
    from: measured('docs/adr/0011-commit-protocol.md', 'the server 3 ms of processor time', 'for 500 rows'),
  },
  brokerBytesPerSecond: {
    value: 21_200_000,
    unit: 'bytes/s',
    of: 'a broker, written by one client',
    from: measured(
      'docs/adr/0012-kafka-drivers.md',
      '106,000-112,000',
      'records of 200 bytes, acks=all, client and broker on two cores: a floor, not a limit',
    ),
  },
  readerRequestsPerSecond: {
    value: 4_600,
    unit: 'requests/s',
    of: 'a reader',
    from: measured(READER, 'over HTTP 4,600 requests/s', 'one after the other, the client on the same two cores'),
  },
  gatewayEventCpuUs: {
    value: 83,
    unit: 'µs of processor time',
    of: 'an event that a gateway takes, in lists of 500',
    from: measured('docs/adr/0022-gateway.md', '12,000 for each second of a processor', 'into a folder; single events cost more'),
  },
  viewRecordsPerSecond: {
    value: 12_900,
    unit: 'records/s',
    of: 'a view that is built',
    from: measured(
      'docs/reference/benchmarks.md',
      '78 µs a record',
      'what one core is enough for, with ten million of them; a small view takes half',
    ),
  },
  viewBytesPerLearner: {
    value: 2_907,
    unit: 'bytes',
    of: 'a learner in a view on disk',
    from: measured('docs/reference/benchmarks.md', '2,907 bytes a learner', 'records of 1,576 bytes, ten million of them'),
  },
  peakFactor: {
    value: 5,
    unit: 'times',
    of: 'the busiest minutes, against the mean of a day',
    from: assumed('schools work by day: several thousand events a second where the mean is 579'),
  },
  closingSeconds: { value: 3_600, unit: 's', of: 'until all lists of a closed day are there', from: assumed('an hour at night') },
  busyShare: { value: 0.6, unit: 'of a core', of: 'a process at its peak', from: assumed('the rest is for a rebalance, a failover and noise') },
  itemsPerLearner: {
    value: 100,
    unit: 'items',
    of: 'a learner of a running course',
    from: assumed('the busiest tenth of a school year; the school of the run had 32'),
  },
  learnersPerCourse: { value: 1_000, unit: 'learners', of: 'a course', from: assumed('fewer make the global tables larger') },
  requestsPerLearnerDay: { value: 3, unit: 'requests', of: 'a learner and day', from: assumed('a list at each visit') },
  keptDays: {
    value: 400,
    unit: 'days',
    of: 'topics of events, what is derived of them, and internal topics',
    from: measured('docs/reference/topics.md', '400 d'),
  },
  replicas: { value: 3, unit: 'copies', of: 'a partition', from: assumed('two must be in sync: one broker may be lost') },
  brokerDiskBytes: { value: 8e12, unit: 'bytes', of: 'a broker', from: assumed('what one can be rebuilt from in a day') },
  diskShare: { value: 0.75, unit: 'of a disk', of: 'what may be full', from: assumed('a broker that is rebuilt needs room') },
  redisNodeBytes: { value: 32e9, unit: 'bytes', of: 'a shard of Redis', from: assumed('a fork for a snapshot must fit beside it') },
  redisShare: {
    value: 0.6,
    unit: 'of the memory',
    of: 'what rows may fill',
    from: assumed('fragmentation, staged commits, and pages that a snapshot copies'),
  },
} as const satisfies Readonly<Record<string, Cost>>;

/** Name of a cost. */
export type CostName = keyof typeof COSTS;
