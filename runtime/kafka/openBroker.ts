/** Opens a cluster through one of the drivers. */
import type { Broker, BrokerDriver } from './broker.js';
import { ConfluentBroker } from './confluent/broker.js';
import { loadNative } from './confluent/native.js';
import { KafkajsBroker } from './kafkajs/broker.js';
import { withDefaults, type KafkaOptions } from './options.js';

/** A cluster through a client; nothing is connected yet. @throws SFS_DRIVER_UNAVAILABLE when the client's compiled part is not here */
export async function openBroker(driver: BrokerDriver, options: KafkaOptions): Promise<Broker> {
  const full = withDefaults(options);
  return driver === 'kafkajs' ? new KafkajsBroker(full) : new ConfluentBroker(await loadNative(), full);
}
