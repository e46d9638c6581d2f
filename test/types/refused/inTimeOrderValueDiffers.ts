// expect: TS2345 /Type 'Opened<Click>' is not assignable to type 'Opened<QuizResult>'/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { inTimeOrder, topicSchema, topology } from '../../../operators/index.js';
import { topics } from '../../../schemas/index.js';

export default topology('refused', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  clicks.pipe(
    // refused
    inTimeOrder('in-order', { value: topicSchema(topics.quizResults) }),
  );
});
