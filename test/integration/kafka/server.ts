/** The Kafka of these tests: the one that the run's test files share, or one that a test may kill. */
import { afterAll, type TestContext } from 'vitest';
import { loadNative } from '../../../runtime/kafka/confluent/native.js';
import type { BrokerDriver } from '../../../runtime/kafka/broker.js';
import { startServices, type Kafka } from '../../../scripts/services/index.js';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';

export { SERVER_START_MS, sharedKafka } from '../servers.js';

/** A cluster of a test file's own. */
export type OwnKafka = Kafka | { readonly missing: string };

/** Starts a cluster that the file may kill; it ends with the file. */
export async function ownKafka(brokers: 1 | 3): Promise<OwnKafka> {
  try {
    const services = await startServices({ brokers });
    afterAll(() => services.close());
    return services.kafka!;
  } catch (error) {
    if (errorCodeOf(error) !== 'SFS_SERVICE_MISSING') throw error;
    return { missing: errorMessageOf(error) };
  }
}

/** Skips a test of a driver whose compiled part is missing, and says so. */
export async function needDriver(driver: BrokerDriver, context: TestContext): Promise<void> {
  if (driver === 'kafkajs') return;
  const missing = await loadNative().then(
    () => null,
    (error: unknown) => errorMessageOf(error),
  );
  context.skip(missing !== null, missing ?? '');
}
