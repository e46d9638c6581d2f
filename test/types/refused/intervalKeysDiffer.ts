// expect: TS2345 /Type 'LearnerId' is not assignable to type 'ItemId'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { joinInterval, schema, to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const items = source(topics.catalogue, { eventTimeMs: () => 0 });
  clicks.pipe(
    // refused
    joinInterval(
      'item',
      items,
      { beforeMs: 1, afterMs: 1, left: schema.avro('string'), right: schema.avro('string'), late: 'discard' },
      (click) => click,
    ),
    to(topics.clicks),
  );
});
