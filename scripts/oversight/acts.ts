/** What people decided so far: who, when, why, and what of it holds. */
import {
  LocalSchemaIds,
  NO_MEASURES,
  errorCodeOf,
  isSealed,
  measureIn,
  physicalTopicName,
  topicCodec,
  topics,
  withMeasure,
  type Measure,
  type MeasureTarget,
  type MeasuresInForce,
  type Topic,
  type TopicCodec,
} from '../../schemas/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import type { OversightTopics } from './access.js';
import type { OverrideTerms } from './orders.js';

/** A decision as the log has it. */
export interface LoggedAct {
  readonly atMs: number;
  readonly by: string;
  readonly reason: string;
  readonly action: MeasureTarget['action'] | 'override' | 'clear';
  /** A course, an item, a model or a learner; `null`: the whole region. */
  readonly target: string | null;
  /** Of an override. */
  readonly terms?: OverrideTerms;
}

/** All acts of a region by the time when they were decided, and what holds. */
export interface OversightLog {
  readonly acts: readonly LoggedAct[];
  readonly inForce: MeasuresInForce;
  /** By learner. */
  readonly overrides: ReadonlyMap<string, OverrideTerms>;
  /** Decisions about learners that could not be opened, and are in none of these. */
  readonly sealed: number;
  /** Records under ids that a schema registry alone knows: decisions may be among them, and are in none of these. */
  readonly unknown: number;
}

/** Reads it from the topics. @throws what reading them throws */
export async function oversightLog(place: OversightTopics, region: string): Promise<OversightLog> {
  const acts: LoggedAct[] = [];
  const unread = { sealed: 0, unknown: 0 };
  let inForce = NO_MEASURES;
  for await (const measure of measuresOf(place, region, unread)) {
    inForce = withMeasure(inForce, measure);
    acts.push({ atMs: measure.madeAtMs, by: measure.by, reason: measure.reason, action: measure.action, target: targetOf(measure) });
  }
  const overrides = new Map<string, OverrideTerms>();
  for await (const act of overridesOf(place, region, unread)) {
    acts.push(act);
    if (act.action === 'clear') overrides.delete(act.target!);
    else overrides.set(act.target!, act.terms!);
  }
  return { acts: acts.sort((a, b) => a.atMs - b.atMs), inForce, overrides, ...unread };
}

const targetOf = (measure: Measure): string | null => ('course' in measure ? measure.course : 'item' in measure ? measure.item : measure.model);

type Unread = { [why in 'sealed' | 'unknown']: number };

async function* measuresOf(place: OversightTopics, region: string, unread: Unread): AsyncGenerator<Measure> {
  const seen = new Set<string>();
  for await (const control of valuesOf(place, topics.measures, region, unread)) {
    const measure = measureIn(control);
    if (measure?.region !== region || seen.has(measure.id)) continue;
    seen.add(measure.id);
    yield measure;
  }
}

async function* overridesOf(place: OversightTopics, region: string, unread: Unread): AsyncGenerator<LoggedAct> {
  const seen = new Set<string>();
  for await (const override of valuesOf(place, topics.overrides, region, unread)) {
    const { id, learner, madeAtMs, personal } = override;
    if (seen.has(id) || isSealed(personal)) continue;
    seen.add(id);
    const { by, reason, ...terms } = personal;
    const holds = terms.baseline || terms.pinned.length > 0 || terms.excluded.length > 0;
    yield { atMs: madeAtMs, by, reason, action: holds ? 'override' : 'clear', target: learner, ...(holds && { terms }) };
  }
}

/** What this version can decode. @param unread - counts what it cannot */
async function* valuesOf<V>(place: OversightTopics, topic: Topic<string, V>, region: string, unread: Unread): AsyncGenerator<V> {
  const name = physicalTopicName(region, topic.name);
  const partitions = (await place.topics()).find((one) => one.name === name)?.partitions ?? 0;
  const codec = topicCodec(topic, place.schemas ?? LocalSchemaIds.withAccepted());
  for (let partition = 0; partition < partitions; partition++) {
    for await (const { key, value, header } of place.records(name, partition, 0)) {
      if (key === null || value === null || isMarker(header)) continue;
      const decoded = decodedWith(codec, key, value, unread);
      if (decoded !== undefined) yield decoded;
    }
  }
}

function decodedWith<V>(codec: Pick<TopicCodec<V>, 'decode'>, key: Buffer, value: Buffer, unread: Unread): V | undefined {
  try {
    return codec.decode(key.toString(), value);
  } catch (error) {
    if (errorCodeOf(error) === 'SFS_SEALED') unread.sealed++;
    if (errorCodeOf(error) === 'SFS_SCHEMA_UNKNOWN') unread.unknown++;
    return undefined;
  }
}
