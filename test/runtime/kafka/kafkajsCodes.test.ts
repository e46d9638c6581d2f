import { expect, it } from 'vitest';
import { Failures } from '../../../runtime/kafka/failures.js';
import { failureOf } from '../../../runtime/kafka/kafkajs/codes.js';
import { withDefaults } from '../../../runtime/kafka/options.js';

const failures = new Failures(withDefaults({ brokers: ['kafka-1:9092'], markerIdOf: () => null }));

/** As kafkajs takes apart what no broker has answered. */
function thrownBy(answer: { partitions: unknown } | null | undefined): TypeError {
  try {
    const { partitions } = answer!;
    throw new Error(`there are ${String(partitions)}`);
  } catch (error) {
    return error as TypeError;
  }
}

/** With the place of kafkajs as the innermost. */
function withinKafkajs(error: TypeError): TypeError {
  error.stack = `TypeError: ${error.message}\n    at Cluster.findBroker (/app/node_modules/kafkajs/src/cluster/index.js:1:1)`;
  return error;
}

it('takes an answer that kafkajs looks for in vain as one that no broker gave', () => {
  for (const answer of [null, undefined])
    expect(failureOf(withinKafkajs(thrownBy(answer)), 'listing topics', failures)).toMatchObject({ code: 'SFS_BROKER_UNAVAILABLE', retriable: true });
  // A mistake of this project passes by no waiting.
  expect(failureOf(thrownBy(null), 'listing topics', failures)).toMatchObject({ code: 'SFS_BROKER_FAILED' });
  expect(failureOf(new TypeError('x is not a function'), 'listing topics', failures)).toMatchObject({ code: 'SFS_BROKER_FAILED' });
});
