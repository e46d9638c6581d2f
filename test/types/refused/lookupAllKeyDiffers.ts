// expect: TS2322 /^Type 'LearnerId' is not assignable to type 'ItemId'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { lookupAll, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source, globalTable }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const catalogue = globalTable(topics.catalogue, { eventTimeMs: () => 0 });
  clicks.pipe(
    // refused
    lookupAll('items', { catalogue }, { keys: { catalogue: (click) => [click.learner] } }, (_, rows) => rows.catalogue.size),
  );
});
