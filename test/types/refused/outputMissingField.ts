// expect: TS2345 /Property 'eventId' is missing in type '\{.*\}' but required in type 'Opened<Click>'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology, withValue } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    map(({ value: { eventId: _, ...rest }, ...record }) => withValue({ ...record, value: 0 }, rest)),
    to(topics.clicks),
  );
});
