import { afterEach, beforeEach } from 'vitest';
import type { Broker, BrokerDriver } from '../../../runtime/kafka/broker.js';
import { DEADLINE_MS, openFor } from './fixtures.js';
import { SERVER_START_MS, sharedKafka } from './server.js';

/** What a test of a driver begins with: the run's Kafka, reached through the driver. */
export interface BrokerOfTest {
  readonly broker: Broker;
  readonly address: string;
}

/** Opens a broker before each test of a suite and closes it afterwards; skips tests whose driver is not there. Read its fields within tests. */
export function brokerOfEachTest(driver: BrokerDriver): BrokerOfTest {
  const kafka: { broker?: Broker; address?: string } = {};
  beforeEach(async (context) => {
    kafka.address = await sharedKafka(context, driver);
    kafka.broker = await openFor(driver, kafka.address);
  }, SERVER_START_MS);
  afterEach(async () => {
    await kafka.broker?.close();
  }, DEADLINE_MS);
  return kafka as BrokerOfTest;
}
