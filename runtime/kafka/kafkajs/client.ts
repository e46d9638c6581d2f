/** {@link KafkaOptions} as options of kafkajs. */
import kafkajs, { type Kafka, type KafkaConfig, type RetryOptions } from 'kafkajs';
import type { FullKafkaOptions } from '../options.js';

/** The package: Node does not see the names that it exports, so it is imported as a whole. */
export { kafkajs };

const FIRST_WAIT_MS = 100;
const LONGEST_WAIT_MS = 1_000;
const CONNECTION_MS = 5_000;

/** Tries again for about `limitMs`. Every field is set: kafkajs has other defaults where it believes to be under test. */
export const retryFor = (limitMs: number): RetryOptions => ({
  initialRetryTime: FIRST_WAIT_MS,
  maxRetryTime: LONGEST_WAIT_MS,
  factor: 0.2,
  multiplier: 2,
  retries: Math.max(1, Math.ceil(limitMs / LONGEST_WAIT_MS)),
});

/** The client that all connections of a broker are made by. */
export function kafkaOf(options: FullKafkaOptions): Kafka {
  const { tls, sasl } = options;
  const config: KafkaConfig = {
    clientId: options.clientId,
    brokers: [...options.brokers],
    connectionTimeout: Math.min(CONNECTION_MS, options.requestTimeoutMs),
    requestTimeout: options.requestTimeoutMs,
    retry: retryFor(options.requestTimeoutMs),
    logLevel: kafkajs.logLevel.NOTHING, // what matters comes as errors
  };
  if (tls !== undefined) {
    config.ssl = {
      ...(tls.ca === undefined ? {} : { ca: [tls.ca] }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.privateKey === undefined ? {} : { key: tls.privateKey }),
    };
  }
  if (sasl !== undefined) config.sasl = { mechanism: sasl.mechanism as 'plain', username: sasl.username, password: sasl.password };
  return new kafkajs.Kafka(config);
}
