// expect: TS2345 /Property 'item' is missing in type 'Opened<Click>' but required in type '\{ readonly item: string; \}'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { keyBy, schema, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    keyBy('by-item', { key: (value) => value.item, value: schema.record({ item: schema.string }) }),
  );
});
