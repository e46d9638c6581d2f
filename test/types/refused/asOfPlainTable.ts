// expect: TS2379 /Type '\"table\"' is not assignable to type '\"versioned-table\"'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { joinAsOf, topicSchema, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source, table }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const profiles = table(topics.profiles, { eventTimeMs: () => 0 });
  clicks.pipe(
    // refused
    joinAsOf('profile', profiles, { miss: 'discard', value: topicSchema(topics.clicks) }, (click) => click),
  );
});
