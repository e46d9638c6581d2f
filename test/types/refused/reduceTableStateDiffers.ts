// expect: TS2741 /Property 'events' is missing/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { reduceTable, schema, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  reduceTable('count', clicks, {
    state: schema.record({ events: schema.long }),
    initial: { events: 0 },
    // refused
    reduce: (state) => ({ event: state.events + 1 }),
  });
});
