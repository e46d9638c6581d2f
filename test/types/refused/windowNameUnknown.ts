// expect: TS2339 /Property 'd3' does not exist on type '\{ readonly d1: .*; readonly d7: .* \}'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { count, days, topology, windowSet } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    windowSet('trend', { sizesMs: { d1: days(1), d7: days(7) }, advanceMs: days(1), late: 'discard' }, { events: count() }),
    // refused
    map((record) => record.value.windows.d3),
  );
});
