// expect: TS2345 /Property 'miss' is missing in type '\{\}' but required in type 'JoinOptions<LearnerId, Opened<Click>>'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { joinTable, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source, table }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const profiles = table(topics.profiles, { eventTimeMs: () => 0 });
  clicks.pipe(
    // refused
    joinTable('profile', profiles, {}, (click) => click),
  );
});
