// expect: TS2345 /Argument of type 'Sink<.*is not assignable to type '"the key has another type"'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { deleteFrom, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    deleteFrom(topics.catalogue),
  );
});
