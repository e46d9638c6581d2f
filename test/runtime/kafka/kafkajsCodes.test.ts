import { expect, it } from 'vitest';
import { Failures } from '../../../runtime/kafka/failures.js';
import { failureOf } from '../../../runtime/kafka/kafkajs/codes.js';
import { withDefaults } from '../../../runtime/kafka/options.js';

const failures = new Failures(withDefaults({ brokers: ['kafka-1:9092'], markerIdOf: () => null }));

/** As kafkajs takes apart what no broker has answered. */
function thrownBy(answer: { partitions: unknown } | null | undefined): unknown {
  try {
    const { partitions } = answer!;
    return partitions;
  } catch (error) {
    return error;
  }
}

it('takes an answer that kafkajs looks for in vain as one that no broker gave', () => {
  for (const answer of [null, undefined])
    expect(failureOf(thrownBy(answer), 'listing topics', failures)).toMatchObject({ code: 'SFS_BROKER_UNAVAILABLE', retriable: true });
  expect(failureOf(new TypeError('x is not a function'), 'listing topics', failures)).toMatchObject({ code: 'SFS_BROKER_FAILED' });
});
