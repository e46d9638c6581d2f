// expect: TS2739 /Type 'number\[\]' is missing the following properties from type 'Promise<readonly unknown\[\]>'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { batch, topology, topicSchema } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    batch('score', { value: topicSchema(topics.clicks), maxRecords: 10, run: (records) => records.map(() => 1) }),
  );
});
