// expect: TS2345 /Argument of type 'Sink<.*is not assignable to type '"the field eventId is missing"'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology, withValue } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    map(({ value: { eventId: _, ...rest }, ...record }) => withValue({ ...record, value: 0 }, rest)),
    // refused
    to(topics.clicks),
  );
});
