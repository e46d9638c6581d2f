import { query, rateBy, type Dashboard } from '../declarations.js';

/** Which model decides, and whether the world still looks as it did in training. */
export const models: Dashboard = {
  uid: 'skillforge-models',
  title: 'SkillForge: models and drift',
  description: 'Which model decides, what happened to it, and whether learners still do what it was trained on.',
  variables: [],
  rows: [
    {
      title: 'The model',
      panels: [
        {
          title: 'What decides',
          description:
            'Versions that made the latest decision of a process. More than one for long means that processes do not follow the same alias.',
          unit: 'short',
          kind: 'table',
          queries: [query('count by (model) (skillforge_model_info)', '{{model}}')],
        },
        {
          title: 'What happened to models',
          description: 'In an hour: versions that were opened, refused or adopted; a registry that did not answer, or did again.',
          unit: 'short',
          queries: [query('sum by (event, code) (increase(skillforge_model_events_total[1h]))', '{{event}} {{code}}')],
        },
        {
          title: 'What happened to experiments',
          description:
            'In an hour: payloads that were read, refused or adopted; versions of the model that they name and that were opened or refused.',
          unit: 'short',
          queries: [query('sum by (event, code) (increase(skillforge_experiment_events_total[1h]))', '{{event}} {{code}}')],
        },
        {
          title: 'Lists made',
          description: 'Records that the recommendation topologies sent, a second.',
          unit: 'cps',
          queries: [query(rateBy('topology', 'skillforge_output_records_total', '{topology=~"recommendations@.+"}'), '{{topology}}')],
        },
      ],
    },
    {
      title: 'Drift of the last whole day of event time',
      panels: [
        {
          title: 'Is the day unlike the training',
          description: '1 where more than half of the features that count have shifted.',
          unit: 'short',
          kind: 'stat',
          limits: { warning: 0.5, critical: 1 },
          queries: [query('max(skillforge_drift_detected)', 'drifted')],
        },
        {
          title: 'Features that have shifted',
          description: 'Those with an index above 0.25; durations are left out, they run with the calendar.',
          unit: 'short',
          kind: 'stat',
          queries: [query('max(skillforge_drifted_features)', 'features')],
        },
        {
          title: 'Day that is judged',
          description: 'Event time at which it began. It is judged when the first decision of a later day has been made.',
          unit: 'dateTimeAsIso',
          kind: 'stat',
          queries: [query('max(skillforge_drift_window_timestamp_seconds) * 1000', 'day')],
        },
        {
          title: 'Index of features',
          description: 'Population stability index against the training, of the ten features with the largest. Above 0.25 is a shift.',
          unit: 'short',
          limits: { warning: 0.1, critical: 0.25 },
          queries: [query('topk(10, max by (feature) (skillforge_feature_psi))', '{{feature}}')],
        },
        {
          title: 'Index of scores',
          description: 'The same of the scores that the model gave. Scores shift first where the model does not fit any more.',
          unit: 'short',
          limits: { warning: 0.1, critical: 0.25 },
          queries: [query('max by (list) (skillforge_score_psi)', '{{list}}')],
        },
        {
          title: 'Candidates that were counted',
          description: 'One in four of those that were scored. A process with fewer than 1,000 in a day says nothing.',
          unit: 'short',
          queries: [query('sum(skillforge_drift_rows)', 'candidates')],
        },
      ],
    },
    {
      title: 'Feedback',
      panels: [
        {
          title: 'Exposures and feedback',
          description: 'Events a second that clients sent through readers: what the next training learns from.',
          unit: 'cps',
          queries: [query(rateBy('topic', 'skillforge_reader_events_total'), '{{topic}}')],
        },
        {
          title: 'Answers that are the model’s',
          description: 'Share of answers that are the list of the learner: only those were ranked.',
          unit: 'percentunit',
          limits: { warning: 0.9, critical: 0.7 },
          queries: [
            query(
              'sum(rate(skillforge_reader_answers_total{served=~"personal|stale"}[$__rate_interval])) / sum(rate(skillforge_reader_answers_total[$__rate_interval]))',
              'own list',
            ),
          ],
        },
      ],
    },
  ],
};
