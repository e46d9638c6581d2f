/** The Kafka of these tests: the one that the run's test files share, or one that a test may kill. */
import { afterAll } from 'vitest';
import { startServices, type Kafka } from '../../../scripts/services/index.js';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';

export { needDriver, SERVER_START_MS, sharedKafka } from '../servers.js';

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
