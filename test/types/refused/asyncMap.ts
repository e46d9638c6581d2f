// expect: TS2345 /Argument of type 'Sink<.*is not assignable to type '"asynchronous work belongs in batch"'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    map(async (record) => await Promise.resolve(record)),
    // refused
    to(topics.clicks),
  );
});
