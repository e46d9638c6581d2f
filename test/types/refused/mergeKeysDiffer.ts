// expect: TS2345 /Type 'ItemId' is not assignable to type 'LearnerId'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { merge, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const items = source(topics.catalogue, { eventTimeMs: () => 0 });
  // refused
  merge('both', clicks, items);
});
