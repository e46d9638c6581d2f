/** A log of recommendations in memory, written as a topology would write it. */
import { partitionOf } from '../../schemas/partitioner.js';
import type { LocalLog, OutputRecord } from '../../runtime/ports.js';
import { MemoryStorage } from '../../runtime/testing/memoryStorage.js';
import {
  LocalSchemaIds,
  keyOf,
  physicalTopicName,
  topicCodec,
  topics,
  type Topic,
  type CatalogueItem,
  type RecommendedItem,
} from '../../schemas/index.js';

export const REGION = 'eu-west';
export const DAY_MS = 86_400_000;
export const MADE_MS = Date.UTC(2014, 9, 20);

const ids = LocalSchemaIds.withAccepted();

type Plain = Topic<string, unknown>;

/** Writes records of the catalogue's topics into a log. */
export class Shelves {
  constructor(
    readonly log: LocalLog = new MemoryStorage().log,
    readonly region = REGION,
  ) {}

  /** @param name - another logical name than the topic's, such as `recommendations.v2` */
  async put(topic: unknown, value: object, name = (topic as Plain).name): Promise<void> {
    await this.log.append([this.record(topic, value, name)]);
  }

  record(topic: unknown, value: object, name = (topic as Plain).name): OutputRecord {
    const of = topic as Plain;
    const key = keyOf(of, value);
    return this.raw(of, name, key, topicCodec(of, ids).encode(key, value));
  }

  async bytes(topic: unknown, key: string, value: Buffer | null, name = (topic as Plain).name): Promise<void> {
    await this.log.append([this.raw(topic as Plain, name, key, value)]);
  }

  /** What the engine writes between records. */
  async marker(topic: unknown, partition = 0): Promise<void> {
    const name = this.ensure(topic as Plain, (topic as Plain).name);
    await this.log.append([{ topic: name, partition, key: null, value: null, header: Buffer.from('marker') }]);
  }

  recommend(learner: string, courses: CourseLists, rest: object = {}, name?: string): Promise<void> {
    return this.put(topics.recommendations, recommendation(learner, courses, rest), name);
  }

  segment(course: string, segment: string, items: readonly (readonly [item: string, learnerDays: number])[], rest: object = {}): Promise<void> {
    const list = items.map(([item, learnerDays]) => ({ item, score: learnerDays / 10, learnerDays }));
    const value = {
      course,
      segment,
      region: REGION,
      madeAtMs: MADE_MS,
      validUntilMs: MADE_MS + DAY_MS,
      modelVersion: 'counts-1',
      topologyVersion: 3,
    };
    return this.put(topics.segmentRecommendations, { ...value, items: list, ...rest });
  }

  item(item: string, rest: Partial<CatalogueItem> = {}): Promise<void> {
    return this.put(topics.catalogue, catalogueItem(item, rest));
  }

  pointer(serve: string, rest: object = {}): Promise<void> {
    return this.put(topics.control, pointer(serve, rest));
  }

  private raw(topic: Plain, name: string, key: string, value: Buffer | null): OutputRecord {
    const bytes = Buffer.from(key);
    return { topic: this.ensure(topic, name), partition: partitionOf(bytes, topic.partitions), key: bytes, value, header: null };
  }

  private ensure({ partitions, cleanup, retentionMs }: Plain, name: string): string {
    const physical = physicalTopicName(this.region, name);
    this.log.ensureTopic({ name: physical, partitions, cleanup, retentionMs });
    return physical;
  }
}

/** Lists by course: item ids, or whole items. */
export type CourseLists = Readonly<
  Record<string, { readonly segment?: string; readonly next?: readonly (string | object)[]; readonly new?: readonly (string | object)[] }>
>;

export function recommendation(learner: string, courses: CourseLists, rest: object = {}): object {
  const listed = Object.entries(courses).map(([course, { segment = '', next = [], new: fresh = [] }]) => ({
    course,
    segment,
    next: next.map(recommended),
    new: fresh.map(recommended),
  }));
  const made = { madeAtMs: MADE_MS, validUntilMs: MADE_MS + 8 * DAY_MS, modelVersion: 'formula-1', topologyVersion: 1, variant: '' };
  return { learner, region: REGION, ...made, personal: { courses: listed }, ...rest };
}

function recommended(item: string | object, rank: number): object {
  const plain: Omit<RecommendedItem, 'item'> & { item: string } = {
    item: typeof item === 'string' ? item : '',
    score: 1 - rank / 4,
    source: 'TRENDING',
    reasons: ['TRENDING_IN_COHORT'],
  };
  return typeof item === 'string' ? plain : { ...plain, ...item };
}

export function catalogueItem(item: string, rest: Partial<CatalogueItem> = {}): object {
  const text = { kind: 'page', title: `Title of ${item}`, text: '', skills: [], prerequisites: [], difficulty: null, durationMinutes: null };
  const times = { availableFromMs: null, availableUntilMs: null, withdrawn: false, updatedAtMs: MADE_MS };
  return { item, course: 'AAA-2014J', region: REGION, ...text, ...times, ...rest };
}

let controls = 0;

export function pointer(serve: string, rest: object = {}): object {
  const nothing = { topology: null, topologyVersion: null, subtopology: null, partition: null, channel: null, position: null, clockMs: null };
  const payload = JSON.stringify({ topic: 'recommendations', serve });
  return { id: `pointer-${++controls}`, kind: 'POINTER', madeAtMs: MADE_MS, region: REGION, ...nothing, payload, ...rest };
}
