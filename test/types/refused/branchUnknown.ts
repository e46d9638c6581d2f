// expect: TS2339 /Property 'viewed' does not exist on type '\{ (readonly completed: .*; readonly otherwise: .*|readonly otherwise: .*; readonly completed: .*); \}'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { branch, to, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const by = branch('by-action', clicks, { completed: (record) => record.value.personal.action === 'COMPLETE' });
  // refused
  by.viewed.pipe(to(topics.clicks));
});
