import { query, quantileBy, rateBy, type Dashboard } from '../declarations.js';

/** The first look: is everything running, does it keep up, and what do learners get? */
export const overview: Dashboard = {
  uid: 'skillforge-overview',
  title: 'SkillForge: overview',
  description: 'Whether everything runs and keeps up, and what learners get.',
  variables: [],
  rows: [
    {
      title: 'Is it running',
      panels: [
        {
          title: 'Processes that do not answer',
          description: 'Workers, readers and gateways that Prometheus knows and cannot read. It should be 0.',
          unit: 'short',
          kind: 'stat',
          limits: { warning: 1, critical: 2 },
          queries: [query('count(up{job=~"skillforge-.+"} == 0) or vector(0)', 'down')],
        },
        {
          title: 'Tasks that nobody runs',
          description: 'Tasks of all topologies that no process has. It should be 0, but for a moment while processes come and go.',
          unit: 'short',
          kind: 'stat',
          limits: { warning: 1, critical: 2 },
          queries: [query('sum(max by (topology) (skillforge_declared_tasks) - sum by (topology) (skillforge_tasks))', 'missing')],
        },
        {
          title: 'Alerts that fire',
          description: 'Each has a page in docs/runbooks, which its annotation names.',
          unit: 'short',
          kind: 'stat',
          limits: { warning: 1, critical: 3 },
          queries: [query('count(ALERTS{alertname=~"Skillforge.+", alertstate="firing"}) or vector(0)', 'firing')],
        },
      ],
    },
    {
      title: 'Does it keep up',
      panels: [
        {
          title: 'Records taken',
          description: 'Records that topologies took from their sources and committed, a second.',
          unit: 'cps',
          queries: [query(rateBy('topology', 'skillforge_records_total'), '{{topology}}')],
        },
        {
          title: 'Records that wait',
          description: 'What is in the log and not processed, by offsets. It goes up and down; it must not go up for long.',
          unit: 'short',
          queries: [query('sum by (topology) (skillforge_lag_records)', '{{topology}}')],
        },
        {
          title: 'Processing delay, 99 in 100',
          description: 'From when the log took a record until what came of it was durable: of each commit that of its oldest record.',
          unit: 's',
          limits: { warning: 10, critical: 60 },
          queries: [query(quantileBy('topology', 0.99, 'skillforge_processing_delay_seconds'), '{{topology}}')],
        },
      ],
    },
    {
      title: 'What learners get',
      panels: [
        {
          title: 'Coverage',
          description:
            'Share of answers of readers that are of the list of the learner, fresh or past its time. The rest falls back to the segment or to what is popular.',
          unit: 'percentunit',
          limits: { warning: 0.9, critical: 0.7 },
          queries: [
            query(
              '(sum(rate(skillforge_reader_answers_total{served=~"personal|stale"}[$__rate_interval])) or vector(0)) / sum(rate(skillforge_reader_answers_total[$__rate_interval]))',
              'own list',
            ),
          ],
        },
        {
          title: 'Lists past their time',
          description: 'Of the answers with the list of the learner, those whose list should have been replaced by now.',
          unit: 'percentunit',
          limits: { warning: 0.05, critical: 0.2 },
          queries: [
            query(
              'sum(rate(skillforge_reader_answers_total{served="stale"}[$__rate_interval])) / sum(rate(skillforge_reader_answers_total{served=~"personal|stale"}[$__rate_interval]))',
              'stale',
            ),
          ],
        },
        {
          title: 'Answers of readers',
          description: 'Requests a second, by the class of the status.',
          unit: 'reqps',
          queries: [
            query('sum(rate(skillforge_reader_requests_total{status=~"[23].."}[$__rate_interval]))', 'answered'),
            query('sum(rate(skillforge_reader_requests_total{status=~"4.."}[$__rate_interval])) or vector(0)', 'refused'),
            query(
              'sum(rate(skillforge_reader_requests_total{status=~"5..", route!~"/readyz|/healthz|/metrics"}[$__rate_interval])) or vector(0)',
              'failed',
            ),
          ],
        },
      ],
    },
    {
      title: 'What comes in, and what fails',
      panels: [
        {
          title: 'Events that the gateway took',
          description: 'Events a second that are in the log, were there before, or say nothing here.',
          unit: 'cps',
          queries: [query(rateBy('outcome', 'skillforge_gateway_events_total'), '{{outcome}}')],
        },
        {
          title: 'Dead letters in an hour',
          description: 'Records and timers that failed. Any is worth a look: skillforge dlq list tells the reasons.',
          unit: 'short',
          queries: [query('sum by (topology) (increase(skillforge_dead_letters_total[1h]))', '{{topology}}')],
        },
        {
          title: 'Commits that failed in an hour',
          description: 'What they held is computed again. A few come with servers that restart.',
          unit: 'short',
          queries: [query('sum by (topology) (increase(skillforge_commit_failures_total[1h]))', '{{topology}}')],
        },
      ],
    },
  ],
};
