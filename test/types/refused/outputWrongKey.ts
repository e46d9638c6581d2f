// expect: TS2345 /Types of property 'key' are incompatible\.\s+Type 'ItemId' is not assignable to type 'LearnerId'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    map((record) => ({ ...record, key: record.value.personal.item })),
    to(topics.clicks),
  );
});
