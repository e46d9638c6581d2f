/** {@link KafkaOptions} as properties of librdkafka. */
import { FETCH_WAIT_MS } from '../broker.js';
import type { FullKafkaOptions } from '../options.js';
import { MOST_RECORD_BYTES } from '../topicSettings.js';
import type { NativeConfig } from './native.js';

const KIB = 1024;
/** Fetched records that wait in the client, per consumer: with the records of one call, the bound of its memory. */
const QUEUED_KIB = 16 * KIB;
const FETCH_BYTES = 512 * KIB;
const FETCH_ALL_BYTES = 8 * KIB * KIB;
/** Records that wait to be sent, per producer. */
const SENDING_KIB = 64 * KIB;
/** Topics are there before they are written to: no long wait for one that is not. */
const TOPIC_WAIT_MS = 5_000;

function securityOf({ tls, sasl }: FullKafkaOptions): NativeConfig {
  const transport = tls === undefined ? 'plaintext' : 'ssl';
  return {
    'security.protocol': sasl === undefined ? transport : `sasl_${transport}`,
    ...(tls?.ca === undefined ? {} : { 'ssl.ca.pem': tls.ca }),
    ...(tls?.certificate === undefined ? {} : { 'ssl.certificate.pem': tls.certificate }),
    ...(tls?.privateKey === undefined ? {} : { 'ssl.key.pem': tls.privateKey }),
    ...(sasl === undefined
      ? {}
      : { 'sasl.mechanisms': sasl.mechanism.toUpperCase(), 'sasl.username': sasl.username, 'sasl.password': sasl.password }),
  };
}

function clientConfig(options: FullKafkaOptions): NativeConfig {
  return {
    'bootstrap.servers': options.brokers.join(','),
    'client.id': options.clientId,
    ...securityOf(options),
    'socket.keepalive.enable': true,
    'reconnect.backoff.ms': 50,
    'reconnect.backoff.max.ms': 2_000,
    'topic.metadata.propagation.max.ms': TOPIC_WAIT_MS,
    log_level: 0, // what matters comes as errors
  };
}

/** For a member of a group and for a reader by hand, which has a group's name without joining it. */
export function consumerConfig(options: FullKafkaOptions, groupId: string): NativeConfig {
  return {
    ...clientConfig(options),
    'group.id': groupId,
    'partition.assignment.strategy': 'range',
    'session.timeout.ms': options.sessionTimeoutMs,
    'heartbeat.interval.ms': Math.floor(options.sessionTimeoutMs / 5),
    'max.poll.interval.ms': Math.max(options.drainTimeoutMs, options.sessionTimeoutMs),
    'isolation.level': 'read_committed',
    'enable.auto.commit': false,
    'enable.auto.offset.store': false,
    'auto.offset.reset': 'error',
    'enable.partition.eof': true,
    'allow.auto.create.topics': false,
    'queued.max.messages.kbytes': QUEUED_KIB,
    // With a full queue a fetch is put off: by default for a second, in which the queue runs empty.
    'fetch.queue.backoff.ms': 10,
    'fetch.message.max.bytes': FETCH_BYTES,
    'fetch.max.bytes': FETCH_ALL_BYTES,
    'fetch.wait.max.ms': FETCH_WAIT_MS,
    ...options.librdkafka,
  };
}

/**
 * A transaction that waits for the coordinator of a group looks for it anew when a connection of the client comes or goes, and at no other time: where it has
 * given up a broker that left the cluster, it would wait for ever. Connections that are idle meanwhile go, and come again.
 */
const IDLE_MS = 10_000;

/** For a producer; transactional where there is an id. */
export function producerConfig(options: FullKafkaOptions, transactionalId: string | null): NativeConfig {
  return {
    ...clientConfig(options),
    acks: 'all',
    'enable.idempotence': true,
    'linger.ms': 2,
    // The topic says what is too large.
    'message.max.bytes': MOST_RECORD_BYTES,
    'queue.buffering.max.kbytes': SENDING_KIB,
    'delivery.timeout.ms': Math.min(options.requestTimeoutMs, options.transactionTimeoutMs),
    // A report of every record costs as much as sending it: failures alone.
    'delivery.report.only.error': true,
    dr_cb: true,
    ...(transactionalId === null
      ? {}
      : { 'transactional.id': transactionalId, 'transaction.timeout.ms': options.transactionTimeoutMs, 'connections.max.idle.ms': IDLE_MS }),
    ...options.librdkafka,
  };
}
