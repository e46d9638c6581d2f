// expect: TS2322 /Type '\(\) => boolean' is not assignable to type 'never'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { branch, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  branch('by-action', clicks, {
    completed: (record) => record.value.personal.action === 'COMPLETE',
    // refused
    otherwise: () => true,
  });
});
