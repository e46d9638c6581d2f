// expect: TS2322 /^Type 'string' is not assignable to type 'number'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { days, sum, topology, tumbling } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    tumbling('per-day', { sizeMs: days(1), late: 'discard' }, { dwell: sum((click) => click.region) }),
  );
});
