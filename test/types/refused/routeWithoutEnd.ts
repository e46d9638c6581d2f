// expect: TS2322 /Type 'StreamRecord<.*, Late<Opened<Click>>>' is not assignable to type 'never'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { count, days, topology, tumbling } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    tumbling('per-day', { sizeMs: days(1), late: (late) => late.pipe(map((record) => record)) }, { events: count() }),
  );
});
