/** What errors of kafkajs mean to a caller. */
import { SkillForgeError } from '../../../schemas/index.js';
import type { Failures } from '../failures.js';

interface KafkaError {
  readonly name?: string;
  /** Kafka's own name of a broker's error. */
  readonly type?: string;
  readonly code?: number | string;
  readonly cause?: unknown;
  readonly originalError?: unknown;
  readonly errors?: readonly unknown[];
}

const PRODUCER_FENCED = new Set(['PRODUCER_FENCED', 'INVALID_PRODUCER_EPOCH', 'INVALID_PRODUCER_ID_MAPPING']);
const MEMBER_FENCED = new Set(['ILLEGAL_GENERATION', 'UNKNOWN_MEMBER_ID', 'FENCED_INSTANCE_ID', 'REBALANCE_IN_PROGRESS']);
const TOO_LARGE = new Set(['MESSAGE_TOO_LARGE', 'RECORD_LIST_TOO_LARGE']);
const UNAVAILABLE = new Set([
  'KafkaJSConnectionError',
  'KafkaJSConnectionClosedError',
  'KafkaJSRequestTimeoutError',
  'KafkaJSBrokerNotFound',
  'KafkaJSNoBrokerAvailableError',
  'KafkaJSGroupCoordinatorNotFound',
  'KafkaJSMetadataNotLoaded',
  'REQUEST_TIMED_OUT',
  'LEADER_NOT_AVAILABLE',
  'NOT_LEADER_FOR_PARTITION',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'GROUP_LOAD_IN_PROGRESS',
  'NOT_COORDINATOR_FOR_GROUP',
]);
/** Permissions, passwords, and what Node calls trouble with certificates. */
const REFUSED = /_AUTHORIZATION_FAILED$|^KafkaJSSASLAuthenticationError$|CERT|^ERR_(TLS|SSL)|^EPROTO$/;
/** PRODUCER_FENCED, which kafkajs has no name for. */
const FENCED_NUMBER = 90;

/** Names and types of an error and of those below it. */
function namesOf(thrown: unknown, names: Set<string> = new Set(), depth = 0): Set<string> {
  if (typeof thrown !== 'object' || thrown === null || depth > 8) return names;
  const error = thrown as KafkaError;
  for (const name of [error.type, error.name]) if (name !== undefined) names.add(name);
  if (error.code === FENCED_NUMBER) names.add('PRODUCER_FENCED');
  if (typeof error.code === 'string') names.add(error.code);
  for (const below of [error.cause, error.originalError, ...(error.errors ?? [])]) namesOf(below, names, depth + 1);
  return names;
}

const any = (names: ReadonlySet<string>, wanted: ReadonlySet<string>): boolean => [...wanted].some((name) => names.has(name));

/**
 * kafkajs looks into an answer that it does not have: `null` where every broker that it knows has failed, `undefined` where it finds no leader of a
 * partition.
 */
const isUnanswered = (thrown: unknown): boolean =>
  thrown instanceof TypeError && /as it is (null|undefined)|of (null|undefined)/.test(thrown.message) && thrownByKafkajs(thrown);

/** A mistake of this project's own is none of its. */
const thrownByKafkajs = ({ stack = '' }: TypeError): boolean =>
  /node_modules[\\/]kafkajs[\\/]/.test(stack.split('\n').find((line) => /^\s*at /.test(line)) ?? '');

/** Whether a newer producer has the transactional id. */
export const isProducerFenced = (thrown: unknown): boolean => any(namesOf(thrown), PRODUCER_FENCED);

/** Whether a broker does not know a topic, or no leader of it. */
export const isTopicMissing = (thrown: unknown): boolean => any(namesOf(thrown), new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'LEADER_NOT_AVAILABLE']));

/** Whether the broker that was asked does not lead a partition: not any more, or not yet. */
export const isLeaderElsewhere = (thrown: unknown): boolean => namesOf(thrown).has('NOT_LEADER_FOR_PARTITION');

/** What a call failed with, as an error of the project. @param doing - such as `writing to clicks` */
export function failureOf(thrown: unknown, doing: string, failures: Failures, topics: readonly string[] = []): SkillForgeError {
  if (thrown instanceof SkillForgeError) return thrown;
  const names = namesOf(thrown);
  if (any(names, PRODUCER_FENCED) || any(names, MEMBER_FENCED)) return failures.fenced(doing, thrown);
  if (any(names, TOO_LARGE)) return failures.tooLarge(doing, thrown);
  if (names.has('UNKNOWN_TOPIC_OR_PARTITION')) return failures.topicUnknown(topics);
  if ([...names].some((name) => REFUSED.test(name))) return failures.refused(doing, thrown);
  if (any(names, UNAVAILABLE) || isUnanswered(thrown)) return failures.unavailable(doing, thrown);
  return failures.failed(doing, thrown);
}
