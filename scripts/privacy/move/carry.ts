/** Brings what the learner did, and what is told of them, from the log of one region to that of another, each record once. */
import {
  LocalSchemaIds,
  assertOwnRegion,
  physicalTopicName,
  topicCodec,
  topics,
  type LearnerId,
  type Topic,
  type TopicCodec,
} from '../../../schemas/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { isMarker } from '../../../runtime/engine/header.js';
import type { LogRecord, NamedWriter, OutputRecord, ToolAccess } from '../../../runtime/ports.js';

type AnyTopic = Topic<string, unknown>;

/**
 * Topics whose records go with the learner: what was told of them, what they did, and what people decided for them. All else is made of these anew.
 * Profiles come first: consent is there before what it is about.
 */
export const CARRIED: readonly AnyTopic[] = [topics.profiles, topics.lmsEvents, topics.overrides, topics.quizResults, topics.clicks];

/** Topics of a learner whose records stay and are erased: they tell of lists that the old region made, of which nothing goes along. */
export const STAYING: readonly AnyTopic[] = [topics.exposures, topics.feedback];

/** Records in a commit. */
const PIECE = 500;

/** One learner on their way. */
export interface Passage {
  /** Name under which the new log keeps how far this is. */
  readonly writer: string;
  readonly from: { readonly tools: ToolAccess; readonly region: string; readonly learner: LearnerId };
  readonly to: { readonly tools: ToolAccess; readonly region: string; readonly learner: LearnerId };
}

/** Records by topic. */
export type Counts = Readonly<Record<string, number>>;

/** What came of it, in all calls together. */
export interface Carried {
  readonly carried: Counts;
  /** That stay: those of {@link STAYING}, and those that the old region could not use. */
  readonly left: Counts;
}

/** What each commit notes beside its records. */
interface Progress extends Carried {
  /** By topic, where to go on. */
  readonly next: Counts;
}

const NOTHING: Progress = { carried: {}, left: {}, next: {} };

/**
 * Appends what is not there yet. Each commit has its records and how far it is, so that whoever is cut off and calls again doubles nothing; what came in the
 * meantime is brought, too. @throws SFS_TOPIC_MISMATCH, SFS_ENCODE_FAILED, and what reading and appending throw
 */
export async function carryRecords(passage: Passage): Promise<Carried> {
  const { writer: name, to } = passage;
  for (const topic of CARRIED) await ensure(to.tools, to.region, topic);
  const writer = await to.tools.writer(
    name,
    CARRIED.map((topic) => physicalTopicName(to.region, topic.name)),
  );
  try {
    let progress = writer.progress === null ? NOTHING : (JSON.parse(writer.progress.toString()) as Progress);
    for (const topic of CARRIED) progress = await carryTopic(passage, topic, writer, progress);
    const { carried, left } = progress;
    return { carried, left: { ...left, ...(await countStaying(passage)) } };
  } finally {
    await writer.close();
  }
}

async function ensure(tools: ToolAccess, region: string, { name, partitions, cleanup, retentionMs }: AnyTopic): Promise<void> {
  const physical = physicalTopicName(region, name);
  // One that is there may have more partitions by now.
  if ((await partitionsOf(tools, physical)) === null) await tools.ensureTopic({ name: physical, partitions, cleanup, retentionMs });
}

async function partitionsOf(tools: ToolAccess, physical: string): Promise<number | null> {
  return (await tools.topics()).find(({ name }) => name === physical)?.partitions ?? null;
}

async function carryTopic(passage: Passage, topic: AnyTopic, writer: NamedWriter, before: Progress): Promise<Progress> {
  const { to } = passage;
  const target = physicalTopicName(to.region, topic.name);
  const key = Buffer.from(to.learner);
  const partition = partitionOf(key, (await partitionsOf(to.tools, target))!);
  const codec = topicCodec(topic, LocalSchemaIds.withAccepted());
  let progress = before;
  let outputs: OutputRecord[] = [];
  const commit = async (): Promise<void> => {
    if (progress === before && outputs.length === 0) return;
    await writer.commit(outputs, Buffer.from(JSON.stringify(progress)));
    outputs = [];
  };
  for await (const record of recordsOf(passage, topic, progress.next[topic.name] ?? 0)) {
    const value = renamed(passage, topic, codec, record);
    progress = counted(progress, topic.name, record.offset + 1, value !== null);
    if (value !== null) outputs.push({ topic: target, partition, key, value: codec.encode(to.learner, value), header: null });
    if (outputs.length >= PIECE) await commit();
  }
  await commit();
  return progress;
}

function counted({ carried, left, next }: Progress, name: string, at: number, isCarried: boolean): Progress {
  const [more, rest] = isCarried ? [carried, left] : [left, carried];
  const plus = { ...more, [name]: (more[name] ?? 0) + 1 };
  return { carried: isCarried ? plus : rest, left: isCarried ? rest : plus, next: { ...next, [name]: at } };
}

/** The learner's records of a topic, from an offset on. */
export async function* recordsOf(
  { from }: Pick<Passage, 'from'>,
  { name }: AnyTopic,
  start = 0,
): AsyncGenerator<LogRecord & { readonly value: Buffer }> {
  const physical = physicalTopicName(from.region, name);
  const partitions = await partitionsOf(from.tools, physical);
  if (partitions === null) return;
  const partition = partitionOf(Buffer.from(from.learner), partitions);
  for await (const record of from.tools.records(physical, partition, start)) {
    const { key, value, header } = record;
    if (value !== null && !isMarker(header) && key?.toString() === from.learner) yield { ...record, value };
  }
}

/** The record under the new pseudonym and tagged for the new region, with its time; `null` for one that the old region could not use either. What names the old pseudonym, as an identity of an event may, names the new one. */
function renamed({ from, to }: Passage, topic: AnyTopic, codec: TopicCodec<unknown>, { value }: { readonly value: Buffer }): object | null {
  try {
    const decoded = codec.decode(from.learner, value) as object;
    assertOwnRegion(topic, decoded, from.region);
    return { ...(namedAnew(decoded, from.learner, to.learner) as object), region: to.region };
  } catch {
    return null;
  }
}

function namedAnew(value: unknown, old: string, heir: string): unknown {
  if (typeof value === 'string') return value.replaceAll(old, heir);
  if (Array.isArray(value)) return value.map((one) => namedAnew(one, old, heir));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, namedAnew(one, old, heir)]));
}

async function countStaying(passage: Passage): Promise<Counts> {
  const counts: Record<string, number> = {};
  for (const topic of STAYING) {
    let count = 0;
    for await (const _ of recordsOf(passage, topic)) count++;
    if (count > 0) counts[topic.name] = count;
  }
  return counts;
}
