/** A log of recommendations that is made up as it is read: the lists of millions of learners, which lie nowhere. */
import { createHash } from 'node:crypto';
import type { LogEntry, RecommendationLog } from '../reader/index.js';
import { LocalSchemaIds, courseId, itemId, learnerId, physicalTopicName, topicCodec, topics, type RecommendedItem } from '../schemas/index.js';

/** Region of the lists. */
export const REGION = 'eu-west';
/** When all of them were made, ms since epoch. */
export const MADE_MS = Date.UTC(2026, 0, 1);
const DAY_MS = 86_400_000;
const { name: NAME, partitions: PARTITIONS } = topics.recommendations;
const TOPIC = physicalTopicName(REGION, NAME);
const codec = topicCodec(topics.recommendations, LocalSchemaIds.withAccepted());

/** The id of a learner by number: as long as the pseudonyms of the gateway, and as little in order. */
export function learnerOf(number: number): string {
  const hex = createHash('sha1').update(String(number)).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`;
}

/** Items of both lists by course. A quarter of the learners has few, a quarter a second course: 1.7 KB on average, as the school of capacity.md has. */
const SHAPES: readonly (readonly number[])[] = [[11], [20], [20], [20, 9]];

function bytesOf(learner: string, shape: readonly number[], variation: number): Buffer {
  const items = (count: number, from: number): RecommendedItem[] =>
    Array.from({ length: count }, (_, at) => ({
      item: itemId(`item-${10_000 + ((from + at * 7) % 5_000)}`),
      score: 1 - at / 64,
      source: 'TRENDING' as const,
      reasons: ['TRENDING_IN_COHORT'],
    }));
  const courses = shape.map((count, at) => ({
    course: courseId(`AAA-2014${'BJ'[at]!}`),
    segment: '',
    next: items(count, variation * 31),
    new: items(count, variation * 17 + 1),
  }));
  return codec.encode(learner, {
    learner: learnerId(learner),
    region: REGION,
    madeAtMs: MADE_MS,
    validUntilMs: MADE_MS + 8 * DAY_MS,
    modelVersion: 'formula-2',
    topologyVersion: 1,
    variant: '',
    personal: { courses },
  });
}

const VARIATIONS = 64;
/** In the bytes of a record, the id of the learner: behind the header of five bytes and the length. */
const LEARNER_AT = 6;
const SOMEBODY = learnerOf(0);
const templates = Array.from({ length: VARIATIONS }, (_, at) => bytesOf(SOMEBODY, SHAPES[at % SHAPES.length]!, at));

function valueOf(learner: string, number: number): Buffer {
  const value = Buffer.from(templates[number % VARIATIONS]!);
  value.write(learner, LEARNER_AT, 'latin1');
  return value;
}

/** By partition: how many learners lie there, when there are so many in all. */
export const evenEnds = (learners: number): readonly number[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => Math.floor((learners - 1 - partition) / PARTITIONS) + 1);

/** By partition: how many learners are in a view of these lists. @param positions - of its head */
export const endsIn = (positions: Readonly<Record<string, { readonly next: number }>>): readonly number[] =>
  Array.from({ length: PARTITIONS }, (_, partition) => positions[`${TOPIC}/${partition}`]?.next ?? 0);

/** One of them, by chance. */
export function anyLearner(ends: readonly number[]): string {
  let at = Math.floor(Math.random() * ends.reduce((sum, end) => sum + end));
  for (const [partition, end] of ends.entries()) {
    if (at < end) return learnerOf(at * PARTITIONS + partition);
    at -= end;
  }
  throw new Error('there are no learners');
}

/** Learner number `n` lies in partition `n % 12`, at offset `n / 12`. */
export class MadeUpLists implements RecommendationLog {
  /** @param ends - by partition */
  constructor(private readonly ends: readonly number[]) {}

  topics(): { name: string; partitions: number }[] {
    return [{ name: TOPIC, partitions: PARTITIONS }];
  }

  range(_: string, partition: number): { start: number; end: number } {
    return { start: 0, end: this.ends[partition]! };
  }

  read(topic: string, partition: number, fromOffset: number, maxRecords: number): LogEntry[] {
    const { end } = this.range(topic, partition);
    return Array.from({ length: Math.max(0, Math.min(maxRecords, end - fromOffset)) }, (_, at) => {
      const offset = fromOffset + at;
      const number = offset * PARTITIONS + partition;
      const learner = learnerOf(number);
      return { offset, appendTimeMs: MADE_MS, key: Buffer.from(learner), value: valueOf(learner, number) };
    });
  }

  identity(): string {
    return 'made up';
  }
}

/** Mean size of a record, key left out, bytes. */
export const meanBytes = (): number => templates.reduce((sum, { length }) => sum + length, 0) / templates.length;
