// expect: TS2375 /Types of property 'paned' are incompatible\.\s+Type 'false' is not assignable to type 'true'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { ewma, hours, sessions, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    sessions('visit', { gapMs: hours(1), late: 'discard' }, { dwell: ewma((click) => click.personal.dwellMs, hours(1)) }),
  );
});
