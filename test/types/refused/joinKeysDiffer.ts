// expect: TS2345 /Type 'LearnerId' is not assignable to type 'ItemId'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { joinTable, to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source, table }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const catalogue = table(topics.catalogue, { eventTimeMs: () => 0 });
  clicks.pipe(
    // refused
    joinTable('item', catalogue, { miss: 'discard' }, (click) => click),
    to(topics.clicks),
  );
});
