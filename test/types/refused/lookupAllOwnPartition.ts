// expect: TS2322 /Type '"table"' is not assignable to type '"global-table" | "global-versioned-table"'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { lookupAll, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source, table }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const profiles = table(topics.profiles, { eventTimeMs: () => 0 });
  clicks.pipe(
    // refused
    lookupAll('profiles', { profiles }, { keys: { profiles: (click) => [click.learner] } }, (click) => click.learner),
  );
});
