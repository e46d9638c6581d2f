// expect: TS2345 /Argument of type 'Sink<.*is not assignable to type '"the field visits has another type"'\.$/
/* eslint-disable -- it must not compile */
// @ts-nocheck: test/types/types.test.ts compiles this file without this line
import { map } from 'rxjs';
import { schema, to, topology, withValue } from '../../../operators/index.js';
import { topic, topics, type LearnerId } from '../../../schemas/index.js';

const visits = topic({
  name: 'visits',
  schema: schema.record({ learner: schema.branded<LearnerId>(), visits: schema.long }),
  keyFields: ['learner'],
  partitions: 12,
});

export default topology('refused', { version: 1 }, ({ source }) => {
  source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs }).pipe(
    map((record) => withValue(record, { learner: record.key, visits: 'two' })),
    // refused
    to(visits),
  );
});
