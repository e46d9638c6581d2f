/** Which topics a view holds, and how their records are checked when they come in. */
import {
  LocalSchemaIds,
  SkillForgeError,
  assertOwnRegion,
  assertRegion,
  identityEnvelope,
  isSealed,
  measureIn,
  regionMismatch,
  schemaCodec,
  segmentKey,
  topics,
  type CatalogueItem,
  type Control,
  type EnvelopeCodec,
  type Measure,
  type Opened,
  type Override,
  type Recommendation,
  type SchemaCodec,
  type SchemaIds,
  type Sealable,
  type SegmentRecommendation,
} from '../schemas/index.js';
import type { RecommendationLog } from './log.js';
import { MAX_KEY_BYTES, rowKey } from './viewStore.js';

/** The topic that is served until a pointer record names another. */
export const FIRST_SERVED = topics.recommendations.name;

/** A record of recommendations, its personal values open. */
export type OpenRecommendation = Opened<Recommendation>;

const VERSIONED = new RegExp(`^${FIRST_SERVED}(\\.v[1-9]\\d*)?$`);

/** Whether a logical name is one of recommendations: `recommendations`, or `recommendations.v2` of a replay. */
export const isServable = (name: string): boolean => VERSIONED.test(name);

/** A topic of the log that the view holds. */
export interface ViewTopic {
  /** Logical name. */
  readonly name: string;
  readonly physical: string;
  readonly partitions: number;
}

/** What people decided for all. */
export const MEASURES = topics.measures.name;
/** What people decided about single learners. */
export const OVERRIDES = topics.overrides.name;
/** Read first, and again and again while the rest is read: measures before overrides, which may be sealed. */
export const DECIDED: readonly string[] = [MEASURES, OVERRIDES];

/** What a person decided about a learner, its personal values open. */
export type OpenOverride = Opened<Override>;

const OTHERS: readonly string[] = [topics.segmentRecommendations.name, topics.catalogue.name, ...DECIDED];

/** Whether a view reads a topic, the control topic included: what a log that has to be told brings here. @param name - logical */
export const isReadByView = (name: string): boolean => isServable(name) || OTHERS.includes(name) || name === topics.control.name;

/** Whether the records of a topic are of learners: their rows are sealed where there are keys. @param name - logical */
export const isOfLearners = (name: string): boolean => isServable(name) || name === OVERRIDES;

/** What the row of a learner belongs to when it is sealed: a list stays one whatever version it is of. @param name - logical */
export const rowOwner = (name: string, learner: string): string => rowKey(name === OVERRIDES ? OVERRIDES : FIRST_SERVED, learner);

/** The topics of a region that a view is made of, the control topic left out: what people decided first, the others by name. */
export function viewTopics(log: RecommendationLog, region: string): ViewTopic[] {
  assertRegion(region);
  const prefix = `${region}.`;
  return log
    .topics()
    .filter(({ name }) => name.startsWith(prefix))
    .map(({ name, partitions }) => ({ name: name.slice(prefix.length), physical: name, partitions }))
    .filter(({ name }) => isServable(name) || OTHERS.includes(name))
    .sort((a, b) => turnOf(a.name) - turnOf(b.name) || (a.name < b.name ? -1 : 1));
}

const turnOf = (name: string): number => (DECIDED.includes(name) ? DECIDED.indexOf(name) : DECIDED.length);

/** What the view keeps of the record besides its bytes. */
export interface CheckedRecord {
  /** `null` where the record says nothing of the clock of the data. */
  readonly madeAtMs: number | null;
  /** Whether it is sealed still: whoever read it had no key. */
  readonly isClosed?: boolean;
}

/** Codecs of the topics, bound to a region: a record of another one is refused. */
export class ViewCodecs {
  private readonly recommendations: SchemaCodec<Sealable<OpenRecommendation>>;
  private readonly segments: SchemaCodec<SegmentRecommendation>;
  private readonly items: SchemaCodec<CatalogueItem>;
  private readonly controls: SchemaCodec<Control>;
  private readonly overrides: SchemaCodec<Sealable<OpenOverride>>;

  constructor(
    private readonly region: string,
    private readonly envelope: EnvelopeCodec = identityEnvelope,
    ids: SchemaIds = LocalSchemaIds.withAccepted(),
  ) {
    this.recommendations = schemaCodec(topics.recommendations, ids);
    this.segments = schemaCodec(topics.segmentRecommendations, ids);
    this.items = schemaCodec(topics.catalogue, ids);
    this.controls = schemaCodec(topics.control, ids);
    this.overrides = schemaCodec(topics.overrides, ids);
  }

  /**
   * Checks a record, or a tombstone, before it replaces the last good record; sealed values stay sealed.
   * @param topic - logical name
   * @throws SFS_KEY_MISMATCH, SFS_KEY_TOO_LONG, SFS_REGION_MISMATCH, and what decoding throws
   */
  check(topic: string, key: string, value: Buffer | null): CheckedRecord {
    assertKeyFits(key);
    if (value === null) return { madeAtMs: null };
    if (topic === topics.catalogue.name) {
      const { item, region } = this.items.decode(value);
      this.assertOwn(item, key, region);
      return { madeAtMs: null };
    }
    if (topic === topics.segmentRecommendations.name) {
      const { course, segment, region, madeAtMs } = this.segments.decode(value);
      this.assertOwn(segmentKey(course, segment), key, region);
      return { madeAtMs };
    }
    if (topic === OVERRIDES) {
      const { learner, region, personal } = this.overrides.decode(value);
      this.assertOwn(learner, key, region);
      return { madeAtMs: null, isClosed: isSealed(personal) };
    }
    const { learner, region, madeAtMs, personal } = this.recommendations.decode(value);
    this.assertOwn(learner, key, region);
    return { madeAtMs, isClosed: isSealed(personal) };
  }

  /** Whether a row of a learner is sealed still, as it came. @param topic - logical name */
  isClosed(topic: string, learner: string, value: Buffer): boolean {
    try {
      return this.check(topic, learner, value).isClosed === true;
    } catch {
      return false;
    }
  }

  /** @throws SFS_SEALED, and what decoding throws */
  recommendation(learner: string, value: Buffer): OpenRecommendation {
    return this.envelope.open<OpenRecommendation>(learner, this.recommendations.decode(value));
  }

  segment(value: Buffer): SegmentRecommendation {
    return this.segments.decode(value);
  }

  item(value: Buffer): CatalogueItem {
    return this.items.decode(value);
  }

  /** @throws SFS_SEALED, and what decoding throws */
  override(learner: string, value: Buffer): OpenOverride {
    return this.envelope.open<OpenOverride>(learner, this.overrides.decode(value));
  }

  /** The measure in a record of its topic; `null` for what this version does not know. @throws SFS_REGION_MISMATCH, and what decoding throws */
  measure(value: Buffer): Measure | null {
    const control = this.controls.decode(value);
    assertOwnRegion(topics.measures, control, this.region);
    return measureIn(control);
  }

  /**
   * The topic that a control record says to serve; `null` for control records of other kinds, and pointers of other topics.
   * @throws SFS_REGION_MISMATCH, SFS_POINTER_INVALID, and what decoding throws
   */
  pointer(value: Buffer): string | null {
    const control = this.controls.decode(value);
    assertOwnRegion(topics.control, control, this.region);
    const { kind, payload } = control;
    if (kind !== 'POINTER') return null;
    const pointer = parsedPointer(payload);
    return pointer.topic === FIRST_SERVED ? pointer.serve : null;
  }

  private assertOwn(expected: string, key: string, region: string): void {
    if (expected !== key) throw new SkillForgeError('SFS_KEY_MISMATCH', 'the key of a record is not the one that its value gives');
    if (region !== this.region) throw regionMismatch('the record', region, this.region);
  }
}

function assertKeyFits(key: string): void {
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_KEY_BYTES)
    throw new SkillForgeError('SFS_KEY_TOO_LONG', `a key of ${bytes} bytes does not fit the view; ${MAX_KEY_BYTES} is the limit`);
}

/** @throws SFS_POINTER_INVALID */
function parsedPointer(payload: string | null): { readonly topic: string; readonly serve: string } {
  try {
    const { topic, serve } = JSON.parse(payload ?? 'null') as { readonly topic?: unknown; readonly serve?: unknown };
    if (typeof topic === 'string' && typeof serve === 'string' && isServable(serve)) return { topic, serve };
    if (typeof topic === 'string' && topic !== FIRST_SERVED) return { topic, serve: '' };
  } catch {
    // Falls through to the error below.
  }
  throw new SkillForgeError('SFS_POINTER_INVALID', 'the payload of a pointer record names no topic of recommendations to serve');
}
