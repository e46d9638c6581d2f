// expect: TS2345 /Property 'value' is missing/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { lookupAll, topology } from '../../../operators/index.js';
import { topics, type CourseId } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source, globalVersionedTable }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const curricula = globalVersionedTable(topics.curricula);
  clicks.pipe(
    // refused
    lookupAll('courses', { curricula }, { keys: { curricula: (click) => [click.learner as string as CourseId] } }, (_, rows) => rows.curricula.size),
  );
});
