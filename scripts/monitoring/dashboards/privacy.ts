import { query, rateBy, type Dashboard } from '../declarations.js';

/** What is turned away at the border, what is answered without a profile, and where bytes of persons pile up. */
export const privacy: Dashboard = {
  uid: 'skillforge-privacy',
  title: 'SkillForge: privacy',
  description:
    'What is turned away at the border, what is answered without a profile, and where bytes of persons pile up. No metric holds an id of a person.',
  variables: [],
  rows: [
    {
      title: 'The way in',
      panels: [
        {
          title: 'Events of other regions, refused',
          description: 'In an hour, by the region that they belong to. A client that sends there is set up wrongly: nothing was kept.',
          unit: 'short',
          queries: [query('sum by (region) (increase(skillforge_gateway_other_region_total[1h]))', '{{region}}')],
        },
        {
          title: 'Refused by the gateway',
          description: 'Requests a second, by code: fields that are not allowed, other regions, and what is malformed. Nothing of them was kept.',
          unit: 'reqps',
          queries: [query(rateBy('code', 'skillforge_gateway_refused_total'), '{{code}}')],
        },
        {
          title: 'Events taken',
          description: 'Events a second that were written under a pseudonym.',
          unit: 'cps',
          queries: [query(rateBy('outcome', 'skillforge_gateway_events_total'), '{{outcome}}')],
        },
      ],
    },
    {
      title: 'The way out',
      panels: [
        {
          title: 'Answers without the learner’s own list',
          description:
            'Answers a second of the segment or of what is popular: for learners who are denied, unknown or new, and for requests without profiling.',
          unit: 'reqps',
          queries: [query(rateBy('served', 'skillforge_reader_answers_total', '{served=~"segment|popular"}'), '{{served}}')],
        },
        {
          title: 'Requests without a right',
          description: 'Requests a second that readers refused for want of a key, a scope, or of the right to this learner.',
          unit: 'reqps',
          queries: [query(rateBy('status', 'skillforge_reader_requests_total', '{status=~"401|403"}'), '{{status}}')],
        },
        {
          title: 'Records that readers cannot use',
          description: 'In an hour, by code. The last good record of their key stays served, so what was to replace it, or to delete it, did not.',
          unit: 'short',
          queries: [query('sum by (code) (increase(skillforge_reader_unusable_records_total[1h]))', '{{code}}')],
        },
      ],
    },
    {
      title: 'Where bytes of persons pile up',
      panels: [
        {
          title: 'Dead letters in a day',
          description: 'A dead letter holds the bytes that failed. Mend the cause, send them back, and let retention take the rest.',
          unit: 'short',
          queries: [query('sum by (topology) (increase(skillforge_dead_letters_total[1d]))', '{{topology}}')],
        },
        {
          title: 'Folders',
          description: 'Bytes of log and state on the disk of a process.',
          unit: 'bytes',
          queries: [query('skillforge_folder_bytes', '{{instance}}')],
        },
      ],
    },
  ],
};
