// expect: TS2345 /Type 'Promise<.*>' is missing the following properties from type 'StreamRecord<LearnerId, Opened<Click>>': key, value, timestamp/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    map(async (record) => await Promise.resolve(record)),
    to(topics.clicks),
  );
});
