/** What people decide about the recommender, as records of the topics that readers and runs follow. */
import { randomUUID } from 'node:crypto';
import {
  LocalSchemaIds,
  controlOfMeasure,
  keyOf,
  physicalTopicName,
  topicCodec,
  topics,
  type ItemId,
  type LearnerId,
  type Measure,
  type MeasureTarget,
  type Opened,
  type Override,
  type OverrideDetails,
  type SchemaIds,
  type Topic,
} from '../../schemas/index.js';
import { partitionOf } from '../../schemas/partitioner.js';
import type { OutputRecord, TopicSpec } from '../../runtime/ports.js';

/** Who decides, when and why. */
export interface Actor {
  readonly region: string;
  readonly by: string;
  readonly reason: string;
  /** Ms since epoch. */
  readonly nowMs: number;
}

/** What was decided: for all, or about one learner. */
export type Order = { readonly kind: 'measure'; readonly measure: Measure } | { readonly kind: 'override'; readonly override: Opened<Override> };

/** A decision for all. */
export const measureOrder = ({ region, by, reason, nowMs }: Actor, target: MeasureTarget): Order => ({
  kind: 'measure',
  measure: { id: `oversight ${target.action} ${randomUUID()}`, madeAtMs: nowMs, region, by, reason, ...target },
});

/** What holds for a learner from now on. */
export interface OverrideTerms {
  readonly baseline: boolean;
  readonly pinned: readonly string[];
  readonly excluded: readonly string[];
}

/** Takes back what was decided about a learner. */
export const CLEARED: OverrideTerms = { baseline: false, pinned: [], excluded: [] };

/** A decision about one learner. */
export function overrideOrder({ region, by, reason, nowMs }: Actor, learner: LearnerId, { baseline, pinned, excluded }: OverrideTerms): Order {
  const personal: OverrideDetails = { baseline, pinned: pinned as readonly ItemId[], excluded: excluded as readonly ItemId[], by, reason };
  return { kind: 'override', override: { learner, region, id: `oversight override ${randomUUID()}`, madeAtMs: nowMs, personal } };
}

/** The topic that an order goes to. */
export const targetOfOrder = ({ kind }: Order): Topic<string, unknown> => (kind === 'measure' ? topics.measures : topics.overrides);

/** The same as a broker makes it. */
export function topicOfOrder(order: Order): TopicSpec {
  const { name, partitions, cleanup, retentionMs } = targetOfOrder(order);
  return { name: physicalTopicName(regionOf(order), name), partitions, cleanup, retentionMs };
}

/** The region that it is of. */
export const regionOf = (order: Order): string => (order.kind === 'measure' ? order.measure.region : order.override.region);

/** The record of an order. @param ids - where the id of its schema comes from @throws SFS_KEY_INVALID, SFS_ENCODE_FAILED */
export function recordOfOrder(order: Order, ids: SchemaIds = LocalSchemaIds.withAccepted()): OutputRecord {
  return order.kind === 'measure' ? recordIn(topics.measures, controlOfMeasure(order.measure), ids) : recordIn(topics.overrides, order.override, ids);
}

function recordIn<V extends { readonly region: string }>(topic: Topic<string, V>, value: V, ids: SchemaIds): OutputRecord {
  const key = keyOf(topic, value);
  const bytes = Buffer.from(key);
  const encoded = topicCodec(topic, ids).encode(key, value);
  return {
    topic: physicalTopicName(value.region, topic.name),
    partition: partitionOf(bytes, topic.partitions),
    key: bytes,
    value: encoded,
    header: null,
  };
}
