// expect: TS2322 /^Type 'LearnerId' is not assignable to type 'ItemId'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { foreignKeyChanges, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ table, globalTable }) => {
  const features = table(topics.learnerFeatures);
  const catalogue = globalTable(topics.catalogue, { eventTimeMs: () => 0 });
  foreignKeyChanges('told', features, catalogue, {
    // refused
    keys: (row) => [row.learner],
    signature: (item) => item.course,
  });
});
