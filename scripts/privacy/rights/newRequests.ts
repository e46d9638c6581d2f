/** Requests as they come: the topic `rights-requests` from where it was read to. */
import {
  LocalSchemaIds,
  assertOwnRegion,
  errorCodeOf,
  physicalTopicName,
  topicCodec,
  topics,
  type ErrorCode,
  type LearnerId,
  type RightsKind,
} from '../../../schemas/index.js';
import { isMarker } from '../../../runtime/engine/header.js';
import type { LogRecord, ToolAccess } from '../../../runtime/ports.js';

/** A request. */
export interface Request {
  readonly id: string;
  readonly learner: LearnerId;
  readonly kind: RightsKind;
  /** It is taken back, or lifted. */
  readonly withdraw: boolean;
  /** When the learner asked, ms since epoch. */
  readonly atMs: number;
}

/** What has come. */
export interface NewRequests {
  readonly requests: readonly Request[];
  /** For each partition where to go on. */
  readonly next: readonly number[];
}

/** What can be done of a record in none of these cases, now or later. */
const UNUSABLE: readonly ErrorCode[] = [
  'SFS_WIRE_FORMAT',
  'SFS_DECODE_FAILED',
  'SFS_SCHEMA_UNKNOWN',
  'SFS_SCHEMA_INCOMPATIBLE',
  'SFS_REGION_MISMATCH',
];

/**
 * Reads up to the end that each partition has now. @param onUnusable - hears of records that are no requests of the region, and are passed over
 * @throws what reading throws
 */
export async function newRequests(
  tools: ToolAccess,
  region: string,
  from: readonly number[],
  onUnusable: (place: string, code: ErrorCode) => void,
): Promise<NewRequests> {
  const topic = physicalTopicName(region, topics.rightsRequests.name);
  if (!(await tools.topics()).some(({ name }) => name === topic)) return { requests: [], next: from };
  const codec = topicCodec(topics.rightsRequests, tools.schemas ?? LocalSchemaIds.withAccepted());
  const requestIn = ({ key, value, header }: LogRecord): Request | null => {
    if (key === null || value === null || isMarker(header)) return null;
    const asked = codec.decode(key.toString(), value);
    assertOwnRegion(topics.rightsRequests, asked, region);
    const { eventId: id, learner, occurredAtMs: atMs, personal } = asked;
    return { id, learner, atMs, kind: personal.kind, withdraw: personal.withdraw };
  };
  const usableIn = (partition: number, record: LogRecord): Request | null => {
    try {
      return requestIn(record);
    } catch (error) {
      const code = errorCodeOf(error);
      if (!UNUSABLE.includes(code)) throw error;
      onUnusable(`${topic}/${partition}/${record.offset}`, code);
      return null;
    }
  };
  const requests: Request[] = [];
  const next: number[] = [];
  for (const [partition, { end }] of (await tools.ranges(topic)).entries()) {
    const start = from[partition] ?? 0;
    next[partition] = Math.max(start, end);
    if (end <= start) continue;
    for await (const record of tools.records(topic, partition, start)) {
      next[partition] = Math.max(next[partition], record.offset + 1);
      const request = usableIn(partition, record);
      if (request !== null) requests.push(request);
    }
  }
  return { requests, next };
}
