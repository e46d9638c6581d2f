/**
 * Kafka through either of two clients.
 *
 * @example
 * const broker = await openBroker('confluent', { brokers: ['kafka-1:9092'], markerIdOf });
 * const admin = await broker.admin();
 * console.log(await admin.topics());
 * await broker.close();
 */
export type {
  Admin,
  AssignmentListener,
  Broker,
  BrokerDriver,
  CommittedOffset,
  FetchedRecords,
  FetchListener,
  GroupConsumer,
  GroupConsumerOptions,
  GroupOffset,
  ManualReader,
  PartitionReader,
  PartitionStart,
  Producer,
  ProducerOptions,
  TopicPartition,
  TransactionOffsets,
} from './broker.js';
export { openBroker } from './openBroker.js';
export type { KafkaOptions, SaslOptions, TlsOptions } from './options.js';
