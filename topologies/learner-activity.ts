import { map } from 'rxjs';
import { count, countWhere, grouped, hours, last, min, schema, sum, to, topology, tumbling, withValue } from '../operators/index.js';
import { cohortItemKey, splitCohortItemKey, topics, type CohortItemKey, type CourseId } from '../schemas/index.js';

const WINDOW = hours(1);
const LATENESS = hours(1);

/**
 * What each learner did in each hour, item by item: the events of an hour become one record, so that what reads it has the learner's
 * doings in order of event time and answers once an hour at most.
 */
export default topology('learner-activity', { version: 1, description: 'what each learner did in each hour, item by item' }, ({ source, region }) => {
  source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: LATENESS }).pipe(
    tumbling(
      'hour',
      { sizeMs: WINDOW, late: 'dead-letter' },
      {
        items: grouped((click) => cohortItemKey(click.cohort, click.personal.item), {
          course: last((click) => click.course, schema.branded<CourseId>()),
          firstMs: min((click) => click.occurredAtMs),
          events: count(),
          clicks: sum((click) => click.personal.clicks),
          dwellMs: sum((click) => click.personal.dwellMs),
          completions: countWhere((click) => click.personal.action === 'COMPLETE'),
        }),
      },
    ),
    map((record) => {
      const { window, value } = record.value;
      // Sorting is stable: what was used first at one instant stays in the order of cohort and item.
      const items = [...value.items]
        .sort((a, b) => a.value.firstMs! - b.value.firstMs!)
        .map(({ group, value: { course, events, clicks, dwellMs, completions } }) => {
          const { cohort, item } = splitCohortItemKey(group as CohortItemKey);
          return { course: course!, cohort, item, events, clicks, dwellMs, completed: completions > 0 };
        });
      return withValue(record, { learner: record.key, region, hourStartMs: window.startMs, topologyVersion: 1, personal: { items } });
    }),
    to(topics.learnerActivity),
  );
});
