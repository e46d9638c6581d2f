// expect: TS2345 /Types of property 'occurredAtMs' are incompatible\.\s+Type 'string' is not assignable to type 'number'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology, withValue } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    map((record) => withValue(record, { ...record.value, occurredAtMs: 'now' })),
    to(topics.clicks),
  );
});
