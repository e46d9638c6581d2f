// expect: TS2345 /Argument of type 'Sink<.*is not assignable to type '"a pipeline passes records on: see withValue"'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    map((record) => record.value),
    // refused
    to(topics.clicks),
  );
});
