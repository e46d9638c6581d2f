// expect: TS2379 /Type '"table"' is not assignable to type '"global-versioned-table"'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { foreignKeyChanges, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ table }) => {
  const features = table(topics.learnerFeatures);
  const profiles = table(topics.profiles, { eventTimeMs: () => 0 });
  // refused
  foreignKeyChanges('told', features, profiles, { keys: (row) => [row.learner], signature: (profile) => profile.learner });
});
