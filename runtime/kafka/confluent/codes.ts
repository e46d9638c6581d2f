/** Numbers of librdkafka's errors (`rdkafka.h`), and what they mean to a caller. */
import { SkillForgeError } from '../../../schemas/index.js';
import type { Failures } from '../failures.js';
import { asError } from './native.js';

/** Errors that the driver looks at by their number. */
export const CODES = {
  ASSIGN_PARTITIONS: -175,
  REVOKE_PARTITIONS: -174,
  AUTO_OFFSET_RESET: -140,
  NO_ENTRY: -156,
  MAX_POLL_EXCEEDED: -147,
  QUEUE_FULL: -184,
  PARTITION_UNKNOWN: -190,
  TOPIC_UNKNOWN: -188,
  TIMED_OUT: -185,
  TIMED_OUT_QUEUE: -166,
  WAIT_COORDINATOR: -180,
  MESSAGE_TIMED_OUT: -192,
  TRANSPORT: -195,
  RESOLVE: -193,
  ALL_BROKERS_DOWN: -187,
  SSL: -181,
  AUTHENTICATION: -169,
  FENCED: -144,
  STATE: -172,
  PURGED_QUEUE: -152,
  PURGED_IN_FLIGHT: -151,
  UNKNOWN_TOPIC_OR_PARTITION: 3,
  REQUEST_TIMED_OUT: 7,
  MESSAGE_SIZE_TOO_LARGE: 10,
  COORDINATOR_NOT_AVAILABLE: 15,
  NOT_COORDINATOR: 16,
  RECORD_LIST_TOO_LARGE: 18,
  ILLEGAL_GENERATION: 22,
  UNKNOWN_MEMBER_ID: 25,
  REBALANCE_IN_PROGRESS: 27,
  INVALID_PRODUCER_EPOCH: 47,
  FENCED_INSTANCE_ID: 82,
  UNSTABLE_OFFSET_COMMIT: 88,
  PRODUCER_FENCED: 90,
} as const;

const has = (...codes: number[]): ReadonlySet<number> => new Set(codes);

/** A newer producer has the transactional id. */
export const PRODUCER_FENCED = has(CODES.FENCED, CODES.INVALID_PRODUCER_EPOCH, CODES.PRODUCER_FENCED);
/** The group goes on without this member, or with other owners. */
export const MEMBER_FENCED = has(CODES.ILLEGAL_GENERATION, CODES.UNKNOWN_MEMBER_ID, CODES.FENCED_INSTANCE_ID, CODES.REBALANCE_IN_PROGRESS);
/** Messages that were thrown away because of another one's failure. */
export const PURGED = has(CODES.PURGED_QUEUE, CODES.PURGED_IN_FLIGHT);

const UNREACHED = [
  CODES.TIMED_OUT,
  CODES.TIMED_OUT_QUEUE,
  CODES.MESSAGE_TIMED_OUT,
  CODES.TRANSPORT,
  CODES.RESOLVE,
  CODES.ALL_BROKERS_DOWN,
  CODES.WAIT_COORDINATOR,
];
/**
 * What brokers say while another one goes or comes: no leader, or none that knows of it yet (5, 6, 74, 75), too slow an answer (7), a lost
 * connection of theirs (13), a coordinator that loads, is elected or has moved (14, 15, 16), too few replicas (19, 20).
 */
const CHANGING = [5, 6, 7, 13, 14, 15, 16, 19, 20, 74, 75];
const UNAVAILABLE = has(...UNREACHED, ...CHANGING);
const TOPIC_UNKNOWN = has(CODES.TOPIC_UNKNOWN, CODES.UNKNOWN_TOPIC_OR_PARTITION);
const TOO_LARGE = has(CODES.MESSAGE_SIZE_TOO_LARGE, CODES.RECORD_LIST_TOO_LARGE);
/** SASL, TLS, and the brokers' answers about permissions. */
const REFUSED = has(CODES.AUTHENTICATION, CODES.SSL, 29, 30, 31, 53, 54, 58, 65);

/** What a call failed with, as an error of the project. @param doing - such as `writing to clicks` */
export function failureOf(thrown: unknown, doing: string, failures: Failures, topics: readonly string[] = []): SkillForgeError {
  if (thrown instanceof SkillForgeError) return thrown;
  const error = asError(thrown);
  if (UNAVAILABLE.has(error.code)) return failures.unavailable(doing, error);
  if (REFUSED.has(error.code)) return failures.refused(doing, error);
  if (TOO_LARGE.has(error.code)) return failures.tooLarge(doing, error);
  if (TOPIC_UNKNOWN.has(error.code)) return failures.topicUnknown(topics);
  if (error.code === CODES.PARTITION_UNKNOWN) return failures.partitionUnknown(doing);
  if (PRODUCER_FENCED.has(error.code) || MEMBER_FENCED.has(error.code)) return failures.fenced(doing, error);
  return failures.failed(doing, error);
}
