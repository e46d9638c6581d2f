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
import { EVENT_TOPICS } from '../../../gateway/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { isMarker } from '../../../runtime/engine/header.js';
import { registeredCodec } from '../../../runtime/registeredCodec.js';
import type { LogRecord, NamedWriter, OutputRecord, ToolAccess } from '../../../runtime/ports.js';

type AnyTopic = Topic<string, unknown>;

/**
 * Topics whose records go with the learner: what was told of them, what they did, and what people decided for them. All else is made of these anew.
 * Profiles come first: consent is there before what it is about.
 */
export const CARRIED: readonly AnyTopic[] = [topics.profiles, topics.lmsEvents, topics.overrides, topics.quizResults, topics.clicks];

/** Topics of a learner whose records stay and are erased: they tell of lists that the old region made, or were asked of it, and nothing of that goes along. */
export const STAYING: readonly AnyTopic[] = [topics.exposures, topics.feedback, topics.rightsRequests];

/** Those of {@link CARRIED} whose events gateways take: an event has an identity there. */
export const TAKEN_BY_GATEWAYS = CARRIED.filter(({ name }) => name in EVENT_TOPICS);

/** Records in a commit. */
const PIECE = 500;

/** One learner on their way. */
export interface Passage {
  /** Name under which the new log keeps how far this is. */
  readonly writer: string;
  readonly from: { readonly tools: ToolAccess; readonly region: string; readonly learner: LearnerId };
  readonly to: { readonly tools: ToolAccess; readonly region: string; readonly learner: LearnerId };
  /** Of identities of events those that the new region has taken itself: asked before they are appended. Nobody takes any meanwhile, without. */
  readonly taken?: (eventIds: readonly string[]) => Promise<ReadonlySet<string>>;
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

/** A record of the old region, and what becomes of it in the new one; `null` for nothing. */
interface Passenger {
  readonly offset: number;
  readonly output: OutputRecord | null;
  readonly eventId: string | null;
}

async function carryTopic(passage: Passage, topic: AnyTopic, writer: NamedWriter, before: Progress): Promise<Progress> {
  const { from, to } = passage;
  const target = physicalTopicName(to.region, topic.name);
  const key = Buffer.from(to.learner);
  const partition = partitionOf(key, (await partitionsOf(to.tools, target))!);
  const [decoding, encoding] = [codecOf(from.tools, topic), await registeredCodec(to.tools.schemas, to.region, topic)];
  let progress = before;
  let piece: Passenger[] = [];
  const commit = async (): Promise<void> => {
    if (piece.length === 0) return;
    const taken = await takenOf(passage, piece);
    const coming = piece.filter(({ eventId }) => eventId === null || !taken.has(eventId));
    progress = counted(progress, topic.name, coming, piece.at(-1)!.offset + 1);
    await writer.commit(
      coming.flatMap(({ output }) => output ?? []),
      Buffer.from(JSON.stringify(progress)),
    );
    piece = [];
  };
  for await (const record of recordsOf(passage, topic, { start: progress.next[topic.name] ?? 0 })) {
    const found = renamed(passage, topic, decoding, record);
    const output = found && { topic: target, partition, key, value: encoding.encode(to.learner, found.value), header: null };
    piece.push({ offset: record.offset, output, eventId: found?.eventId ?? null });
    if (piece.length >= PIECE) await commit();
  }
  await commit();
  return progress;
}

/** The codec of a topic for who reads it. */
export const codecOf = ({ schemas }: ToolAccess, topic: AnyTopic): TopicCodec<unknown> => topicCodec(topic, schemas ?? LocalSchemaIds.withAccepted());

const NOBODY: ReadonlySet<string> = new Set();

async function takenOf({ taken }: Passage, piece: readonly Passenger[]): Promise<ReadonlySet<string>> {
  const ids = piece.flatMap(({ eventId }) => eventId ?? []);
  return taken === undefined || ids.length === 0 ? NOBODY : taken(ids);
}

function counted({ carried, left, next }: Progress, name: string, piece: readonly Passenger[], at: number): Progress {
  const outputs = piece.filter(({ output }) => output !== null).length;
  return { carried: plus(carried, name, outputs), left: plus(left, name, piece.length - outputs), next: { ...next, [name]: at } };
}

const plus = (counts: Counts, name: string, more: number): Counts => (more === 0 ? counts : { ...counts, [name]: (counts[name] ?? 0) + more });

/** A part of a partition. */
export interface Reading {
  /** Offset to begin with. */
  readonly start: number;
  /** Hears of each record that was read, whosever it is. */
  readonly passed?: (offset: number) => void;
}

/** The learner's records of a topic, from an offset on. */
export async function* recordsOf(
  { from }: Pick<Passage, 'from'>,
  { name }: AnyTopic,
  { start, passed }: Reading = { start: 0 },
): AsyncGenerator<LogRecord & { readonly value: Buffer }> {
  const physical = physicalTopicName(from.region, name);
  const partitions = await partitionsOf(from.tools, physical);
  if (partitions === null) return;
  const partition = partitionOf(Buffer.from(from.learner), partitions);
  // As they are: what a broker's client hands on is no plain object, of which a copy would have everything.
  for await (const record of from.tools.records(physical, partition, start)) {
    passed?.(record.offset);
    if (isOf(from.learner, record)) yield record;
  }
}

const isOf = (learner: string, record: LogRecord): record is LogRecord & { readonly value: Buffer } =>
  record.value !== null && !isMarker(record.header) && record.key?.toString() === learner;

/** The identities of the learner's events of a topic in a region, and when its log took them. What cannot be decoded is left out. */
export async function* eventsOf(
  place: Passage['from'],
  topic: AnyTopic,
  reading?: Reading,
): AsyncGenerator<{ readonly eventId: string; readonly appendTimeMs: number }> {
  const codec = codecOf(place.tools, topic);
  for await (const { appendTimeMs, value } of recordsOf({ from: place }, topic, reading)) {
    const eventId = eventIdIn(() => codec.decode(place.learner, value));
    if (eventId !== null) yield { eventId, appendTimeMs };
  }
}

function eventIdIn(decode: () => unknown): string | null {
  try {
    return (decode() as { readonly eventId: string }).eventId;
  } catch {
    return null;
  }
}

/** The record under the new pseudonym and tagged for the new region, with its time; `null` for one that the old region could not use either. What names the old pseudonym, as an identity of an event may, names the new one. */
function renamed({ from, to }: Passage, topic: AnyTopic, codec: TopicCodec<unknown>, { value }: { readonly value: Buffer }): Renamed | null {
  try {
    const decoded = codec.decode(from.learner, value) as object;
    assertOwnRegion(topic, decoded, from.region);
    const { eventId = null } = decoded as { readonly eventId?: string };
    return { eventId, value: { ...(namedAnew(decoded, from.learner, to.learner) as object), region: to.region } };
  } catch {
    return null;
  }
}

interface Renamed {
  readonly value: object;
  /** As the sender gave it. */
  readonly eventId: string | null;
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
