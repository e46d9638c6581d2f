import { query, quantileBy, rateBy, type Dashboard } from '../declarations.js';

const CHOSEN = '{instance=~"$instance"}';

/** What the readers answer, how fast, and how far they follow the log. */
export const reader: Dashboard = {
  uid: 'skillforge-reader',
  title: 'SkillForge: readers',
  description: 'What readers answer, how fast, and how far they follow the log.',
  variables: [{ label: 'instance', of: 'skillforge_reader_ready' }],
  rows: [
    {
      title: 'Answers',
      panels: [
        {
          title: 'Requests',
          description: 'Requests a second, by the pattern of the path.',
          unit: 'reqps',
          queries: [query(rateBy('route', 'skillforge_reader_requests_total', CHOSEN), '{{route}}')],
        },
        {
          title: 'Duration, 99 in 100',
          description: 'Time from a request to the end of its answer. The view is on the same machine: milliseconds.',
          unit: 's',
          limits: { warning: 0.05, critical: 0.25 },
          queries: [query(quantileBy('route', 0.99, 'skillforge_reader_request_duration_seconds', CHOSEN), '{{route}}')],
        },
        {
          title: 'Not answered',
          description: 'Requests a second with a status of 400 or more. 401 and 403 are keys, 429 limits, 5xx the reader itself.',
          unit: 'reqps',
          queries: [query(rateBy('status', 'skillforge_reader_requests_total', '{instance=~"$instance", status=~"[45].."}'), '{{status}}')],
        },
      ],
    },
    {
      title: 'What learners get',
      panels: [
        {
          title: 'Where answers come from',
          description: 'Answers a second: the list of the learner, the same past its time, that of the segment, or what is popular.',
          unit: 'reqps',
          queries: [query(rateBy('served', 'skillforge_reader_answers_total', CHOSEN), '{{served}}')],
        },
        {
          title: 'Lists past their time',
          description:
            'Of the answers with the list of the learner, those whose list should have been replaced by now: how fresh recommendations are.',
          unit: 'percentunit',
          limits: { warning: 0.05, critical: 0.2 },
          queries: [
            query(
              'sum(rate(skillforge_reader_answers_total{instance=~"$instance", served="stale"}[$__rate_interval])) / sum(rate(skillforge_reader_answers_total{instance=~"$instance", served=~"personal|stale"}[$__rate_interval]))',
              'stale',
            ),
          ],
        },
        {
          title: 'Age of lists',
          description:
            'Time since the list in an answer was made, nine in ten: lists of learners by hours and days as they study, shared ones within a day or two.',
          unit: 's',
          limits: { warning: 259_200, critical: 691_200 },
          queries: [query(quantileBy('served', 0.9, 'skillforge_reader_list_age_seconds', CHOSEN), '{{served}}')],
        },
        {
          title: 'Catalogue that is shown',
          description:
            'Different items in answers of the last one to two hours, of those in the catalogue. Low values mean that everybody gets the same.',
          unit: 'percentunit',
          queries: [query(`skillforge_reader_served_items${CHOSEN} / (skillforge_reader_catalogue_items${CHOSEN} > 0)`, '{{instance}}')],
        },
        {
          title: 'Exposures and feedback',
          description: 'Events a second that clients sent through the reader and that were written.',
          unit: 'cps',
          queries: [query(rateBy('topic', 'skillforge_reader_events_total', CHOSEN), '{{topic}}')],
        },
      ],
    },
    {
      title: 'Events that wait',
      panels: [
        {
          title: 'Age of the oldest',
          description:
            'For how long the oldest event of a client has waited on the disk of a reader: for Kafka, for keys, or for somebody who forwards it.',
          unit: 's',
          limits: { warning: 900, critical: 3_600 },
          queries: [query(`skillforge_reader_outbox_age_seconds${CHOSEN}`, '{{instance}}')],
        },
        {
          title: 'How many wait',
          description: 'Events on the disks of readers that are not in the log yet. Absent for a reader without an outbox.',
          unit: 'short',
          queries: [query(`skillforge_reader_outbox_events${CHOSEN}`, '{{instance}}')],
        },
        {
          title: 'Room that is used',
          description: 'Of what may wait; when it is full, clients are told to come again.',
          unit: 'percentunit',
          limits: { warning: 0.5, critical: 0.8 },
          queries: [query(`skillforge_reader_outbox_bytes${CHOSEN} / skillforge_reader_outbox_limit_bytes${CHOSEN}`, '{{instance}}')],
        },
      ],
    },
    {
      title: 'The view',
      panels: [
        {
          title: 'Records that wait',
          description: 'Records in the log that are not in the view yet. Absent while the log cannot be read.',
          unit: 'short',
          queries: [query(`skillforge_reader_lag_records${CHOSEN}`, '{{instance}}')],
        },
        {
          title: 'Readers that do not follow',
          description: 'Readers that cannot follow the log: they serve what they have.',
          unit: 'short',
          kind: 'stat',
          limits: { warning: 1, critical: 2 },
          queries: [query(`count(skillforge_reader_following${CHOSEN} == 0) or vector(0)`, 'not following')],
        },
        {
          title: 'Changes',
          description: 'Rows of the view that changed, a second, and switches to another version.',
          unit: 'cps',
          queries: [query(rateBy('kind', 'skillforge_reader_changes_total', CHOSEN), '{{kind}}')],
        },
        {
          title: 'Records that cannot be used',
          description: 'In an hour, by code. The last good record of their key stays served.',
          unit: 'short',
          queries: [query(`sum by (code) (increase(skillforge_reader_unusable_records_total${CHOSEN}[1h]))`, '{{code}}')],
        },
        {
          title: 'Streams of changes',
          description: 'Clients that have a stream open.',
          unit: 'short',
          queries: [query(`skillforge_reader_streams${CHOSEN}`, '{{instance}}')],
        },
        {
          title: 'Memory',
          description: 'Resident memory of the process. The view is a file: it counts as far as it is in memory.',
          unit: 'bytes',
          queries: [query('process_resident_memory_bytes{job="skillforge-readers", instance=~"$instance"}', '{{instance}}')],
        },
      ],
    },
  ],
};
