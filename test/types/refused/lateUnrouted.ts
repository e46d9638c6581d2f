// expect: TS2345 /Property 'late' is missing in type '\{ sizeMs: number; \}' but required in type 'WindowOptions</
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { count, days, topology, tumbling } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    tumbling('per-day', { sizeMs: days(1) }, { events: count() }),
  );
});
