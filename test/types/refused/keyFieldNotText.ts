// expect: TS2322 /^Type '"atMs"' is not assignable to type '"learner" \| "room"'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { schema } from '../../../operators/index.js';
import { topic, type LearnerId } from '../../../schemas/index.js';

export const refused = topic({
  name: 'refused',
  schema: schema.record({ learner: schema.branded<LearnerId>(), room: schema.string, atMs: schema.long }),
  // refused
  keyFields: ['room', 'atMs'],
  partitions: 12,
});
