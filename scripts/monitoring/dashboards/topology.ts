import { query, quantileBy, rateBy, type Dashboard, type Row } from '../declarations.js';

const CHOSEN = '{topology=~"$topology"}';
const rate = (counter: string): string => rateBy('topology', counter, CHOSEN);

const FLOW: Row = {
  title: 'Records',
  panels: [
    {
      title: 'In',
      description: 'Records taken from sources, a second, as of commits. Markers are left out.',
      unit: 'cps',
      queries: [query(rate('skillforge_records_total'), '{{topology}}')],
    },
    {
      title: 'Out',
      description: 'Records sent to topics, a second, dead letters included.',
      unit: 'cps',
      queries: [query(rate('skillforge_output_records_total'), '{{topology}}')],
    },
    {
      title: 'Timers',
      description: 'Timers of event time that fired, a second: windows that closed, lists that were due.',
      unit: 'cps',
      queries: [query(rate('skillforge_timers_total'), '{{topology}}')],
    },
    {
      title: 'Wait',
      description: 'Records in the log that are not processed, by offsets.',
      unit: 'short',
      queries: [query(`sum by (topology) (skillforge_lag_records${CHOSEN})`, '{{topology}}')],
    },
    {
      title: 'Time to catch up',
      description: 'What waits, at the rate of the last ten minutes.',
      unit: 's',
      limits: { warning: 120, critical: 600 },
      queries: [
        query(
          `sum by (topology) (skillforge_lag_records${CHOSEN}) / clamp_min(sum by (topology) (rate(skillforge_records_total${CHOSEN}[10m])), 1)`,
          '{{topology}}',
        ),
      ],
    },
    {
      title: 'Tasks',
      description: 'Tasks that each process runs. Together they are what the topology has.',
      unit: 'short',
      queries: [query(`sum by (topology, instance) (skillforge_tasks${CHOSEN})`, '{{topology}} on {{instance}}')],
    },
  ],
};

const TIME: Row = {
  title: 'Time',
  panels: [
    {
      title: 'Watermark behind the clock',
      description:
        'How far event time lies behind the clock of Prometheus. Only where events are of today; a school that is made up has a clock of its own.',
      unit: 's',
      queries: [query(`time() - min by (topology) (skillforge_watermark_timestamp_seconds${CHOSEN})`, '{{topology}}')],
    },
    {
      title: 'Watermark lag',
      description:
        'Event time between the latest record seen and the least watermark: the lateness that sources allow, and what one silent partition adds.',
      unit: 's',
      queries: [query(`max by (topology) (skillforge_watermark_lag_seconds${CHOSEN})`, '{{topology}}')],
    },
    {
      title: 'Processing delay',
      description:
        'From when the log took a record until what came of it was durable. Where topologies follow each other, delays add up to the way end to end.',
      unit: 's',
      limits: { warning: 10, critical: 60 },
      queries: [
        query(quantileBy('topology', 0.5, 'skillforge_processing_delay_seconds', CHOSEN), '{{topology}}: half'),
        query(quantileBy('topology', 0.99, 'skillforge_processing_delay_seconds', CHOSEN), '{{topology}}: 99 in 100'),
      ],
    },
  ],
};

const STATE: Row = {
  title: 'State and commits',
  panels: [
    {
      title: 'Duration of a commit, 99 in 100',
      description: 'From asking for a commit until it is durable: milliseconds on a disk, tens of them on servers.',
      unit: 's',
      limits: { warning: 0.5, critical: 2.5 },
      queries: [query(quantileBy('topology', 0.99, 'skillforge_commit_duration_seconds', CHOSEN), '{{topology}}')],
    },
    {
      title: 'Commits',
      description: 'Commits a second, and those that failed.',
      unit: 'cps',
      queries: [
        query(rate('skillforge_commit_duration_seconds_count'), '{{topology}}'),
        query(rate('skillforge_commit_failures_total'), '{{topology}}: failed'),
      ],
    },
    {
      title: 'Rows that had to be read',
      description:
        'Rows of state for each record taken that were not in memory. Near 0 once the cache is warm; near 1 where each learner is met once.',
      unit: 'short',
      queries: [query(`${rate('skillforge_state_reads_total')} / clamp_min(${rate('skillforge_records_total')}, 1)`, '{{topology}}')],
    },
    {
      title: 'Rows in memory',
      description: 'Rows of state that tasks have in memory: bounded for each task.',
      unit: 'short',
      queries: [query(`sum by (topology) (skillforge_cached_rows${CHOSEN})`, '{{topology}}')],
    },
    {
      title: 'State written',
      description: 'Bytes of rows that commits wrote, a second.',
      unit: 'Bps',
      queries: [query(rate('skillforge_state_write_bytes_total'), '{{topology}}')],
    },
    {
      title: 'State on Redis',
      description: 'Bytes that the state of tasks takes on Redis, replicas left out: looked at every minute, estimated from samples of each key.',
      unit: 'bytes',
      queries: [query(`sum by (topology) (skillforge_state_bytes${CHOSEN})`, '{{topology}}')],
    },
    {
      title: 'Rows and timers on Redis',
      description: 'Rows of state and timers that wait. Rows grow with learners, and timers with what is open.',
      unit: 'short',
      queries: [
        query(`sum by (topology) (skillforge_state_rows${CHOSEN})`, '{{topology}}: rows'),
        query(`sum by (topology) (skillforge_state_timers${CHOSEN})`, '{{topology}}: timers'),
      ],
    },
    {
      title: 'Folder',
      description: 'Bytes of log and state on the disk, and what is left there. Empty where topologies run on servers: look at those.',
      unit: 'bytes',
      queries: [query('skillforge_folder_bytes', '{{instance}}: used'), query('skillforge_folder_free_bytes', '{{instance}}: free')],
    },
  ],
};

const TROUBLE: Row = {
  title: 'What did not work',
  panels: [
    {
      title: 'Dead letters in an hour',
      description: 'Records and timers that failed.',
      unit: 'short',
      queries: [query(`sum by (topology) (increase(skillforge_dead_letters_total${CHOSEN}[1h]))`, '{{topology}}')],
    },
    {
      title: 'Dead letters by code, since the process began',
      description: 'The code tells what to do: docs/reference/errors.md.',
      unit: 'short',
      kind: 'table',
      queries: [query(`sum by (topology, code) (skillforge_dead_letters_by_code_total${CHOSEN})`, '{{topology}} {{code}}')],
    },
    {
      title: 'Left out',
      description: 'Records a second that came late, found no row or no match, or were there once more, where the topology discards them.',
      unit: 'cps',
      queries: [
        query(rate('skillforge_late_records_total'), '{{topology}}: late'),
        query(rate('skillforge_lookup_misses_total'), '{{topology}}: no row'),
        query(rate('skillforge_unmatched_records_total'), '{{topology}}: no match'),
        query(rate('skillforge_repeated_records_total'), '{{topology}}: repeated'),
      ],
    },
  ],
};

const PROCESS: Row = {
  title: 'Processes',
  panels: [
    {
      title: 'Event loop',
      description: 'How long the process was busy at a time, 99 in 100. Ranking takes milliseconds; seconds are too long.',
      unit: 's',
      limits: { warning: 0.2, critical: 1 },
      queries: [query('nodejs_eventloop_lag_p99_seconds{job="skillforge-workers"}', '{{instance}}')],
    },
    {
      title: 'Memory',
      description: 'Resident memory of the process. State in memory is bounded: it must not grow for days.',
      unit: 'bytes',
      queries: [query('process_resident_memory_bytes{job="skillforge-workers"}', '{{instance}}')],
    },
    {
      title: 'Processor',
      description: 'Processors that the process keeps busy.',
      unit: 'short',
      queries: [query('rate(process_cpu_seconds_total{job="skillforge-workers"}[$__rate_interval])', '{{instance}}')],
    },
  ],
};

/** One topology from its sources to its commits. */
export const topology: Dashboard = {
  uid: 'skillforge-topology',
  title: 'SkillForge: topologies',
  description: 'A topology from its sources to its commits: flow, time, state, and what did not work.',
  variables: [{ label: 'topology', of: 'skillforge_tasks' }],
  rows: [FLOW, TIME, STATE, TROUBLE, PROCESS],
};
