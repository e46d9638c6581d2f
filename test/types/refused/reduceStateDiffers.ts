// expect: TS2741 /Property 'events' is missing in type '\{ event: number; \}' but required in type '\{ readonly events: number; \}'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { reduce, schema, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    reduce('events', { state: schema.record({ events: schema.long }), initial: { events: 0 }, reduce: (state) => ({ event: state.events + 1 }) }),
  );
});
