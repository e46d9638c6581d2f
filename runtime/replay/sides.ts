/** Two topics of results, partition by partition: those of the live version and those of a replay. */
import { createHash } from 'node:crypto';
import { canonicalJson, type Json } from '../../operators/graph.js';
import { SkillForgeError, physicalTopicName } from '../../schemas/index.js';
import { isMarker, readHeader } from '../engine/header.js';
import type { LogRecord, TopicSpec } from '../ports.js';
import type { ReplayView } from './replayPlace.js';
import { versionedName, type EventRange, type LiveVersion, type Replay } from './replayState.js';

/** Turns the bytes of a record into its value. @throws what decoding throws */
export type ValueDecoder = (key: string, value: Buffer) => unknown;

/** A key whose results differ. */
export interface DifferingKey {
  readonly kind: 'added' | 'removed' | 'changed';
  readonly partition: number;
  readonly key: string;
  /** Of a history, where each key has a result for each event time, ms; `null` where only the last one of a key counts. */
  readonly eventTimeMs: number | null;
  /** Values without what is ignored; `null` where a side has none. Of a history with several results of that time, the last. */
  readonly live: unknown;
  readonly shadow: unknown;
  /** Top-level fields that differ, where both sides have a value. */
  readonly fields: readonly string[];
}

/** Records of both sides that are folded at a time. */
const MOST_FOLDED = 1_000_000;

/** One of the two. */
export type Side = 'live' | 'shadow';

/** What a key has in the end. */
interface Folded {
  /** `null` for a key that was deleted. */
  readonly digest: string | null;
  readonly eventTimeMs: number;
}

/** How the values of results are compared. */
export interface Comparison {
  readonly decode: ValueDecoder;
  /** Top-level fields that may differ. */
  readonly ignore: ReadonlySet<string>;
}

/** The two topics of a comparison. */
export class Sides {
  /** Every record stays, so that each key has a result for each event time. */
  readonly isHistory: boolean;

  private constructor(
    private readonly place: ReplayView,
    private readonly specs: Readonly<Record<Side, TopicSpec>>,
    private readonly range: EventRange | null,
    private readonly comparison: Comparison,
    /** What the names of the live version's producers begin with. */
    private readonly livePrefix: string,
  ) {
    this.isHistory = specs.live.cleanup === 'delete';
  }

  /** @param topic - logical name @throws SFS_TOPIC_UNKNOWN when a side is not there */
  static async of(place: ReplayView, replay: Replay, topic: string, comparison: Comparison): Promise<Sides> {
    const specs = await place.tools.topics();
    const find = ({ outputs }: Pick<LiveVersion, 'outputs'>): TopicSpec =>
      specOf(specs, physicalTopicName(place.region, versionedName(topic, outputs)));
    return new Sides(
      place,
      { live: find(replay.against), shadow: find(replay) },
      replay.range,
      comparison,
      `${replay.graph.name}@${replay.against.number}/`,
    );
  }

  get partitions(): number {
    return this.specs.shadow.partitions;
  }

  /** Physical name. */
  nameOf(side: Side): string {
    return this.specs[side].name;
  }

  /** Whether a key is of each pass over a partition: so many keys at a time as memory takes. */
  async passes(partition: number): Promise<((key: Buffer) => boolean)[]> {
    const passes = Math.max(1, Math.ceil((await this.size(partition)) / MOST_FOLDED));
    return Array.from({ length: passes }, (_, pass) => (key: Buffer) => passes === 1 || keyHash(key) % passes === pass);
  }

  /** Offsets of a partition on both sides together. */
  private async size(partition: number): Promise<number> {
    let size = 0;
    for (const { name } of Object.values(this.specs)) {
      const { start, end } = (await this.place.tools.ranges(name))[partition]!;
      size += end - start;
    }
    return size;
  }

  /** A digest of what each key has in the end; of a history, of all that it has at one event time, in order. */
  private async folded(side: Side, partition: number, isWanted: (key: Buffer) => boolean): Promise<Map<string, Folded>> {
    const folded = new Map<string, Folded>();
    for await (const { identity, record, eventTimeMs } of this.results(side, partition)) {
      if (!isWanted(record.key!)) continue;
      // What corrects a range comes behind what it corrects, and takes its place.
      const before = this.isHistory && this.range === null ? (folded.get(identity)?.digest ?? '') : '';
      const digest = !this.isHistory && record.value === null ? null : this.digestOf(record, before);
      // Deleted keys are told from others only where it counts when that was.
      if (digest === null && this.range === null) folded.delete(identity);
      else folded.set(identity, { digest, eventTimeMs });
    }
    return folded;
  }

  /** How the results of both sides compare, by identity. */
  async compared(partition: number, isWanted: (key: Buffer) => boolean): Promise<Map<string, 'same' | DifferingKey['kind']>> {
    const live = await this.folded('live', partition, isWanted);
    const shadow = await this.folded('shadow', partition, isWanted);
    const kinds = new Map<string, 'same' | DifferingKey['kind']>();
    for (const identity of new Set([...live.keys(), ...shadow.keys()])) {
      const kind = this.kindOf(live.get(identity), shadow.get(identity));
      if (kind !== null) kinds.set(identity, kind);
    }
    return kinds;
  }

  /**
   * How two results compare; `null` where neither side has one. Of a range, only what the live version told last within it, or before it,
   * and the replay within it: what came after the range stands.
   */
  private kindOf(live: Folded | undefined, shadow: Folded | undefined): 'same' | DifferingKey['kind'] | null {
    if (this.range !== null && !this.isOfRange(live, shadow, this.range)) return null;
    const [before, after] = [live?.digest ?? null, shadow?.digest ?? null];
    if (before === after) return before === null ? null : 'same';
    return before === null ? 'added' : after === null ? 'removed' : 'changed';
  }

  private isOfRange(live: Folded | undefined, shadow: Folded | undefined, range: EventRange): boolean {
    const isIn = (one: Folded | undefined): boolean => one !== undefined && isWithin(one.eventTimeMs, range);
    return (live === undefined || live.eventTimeMs < range.toMs) && (isIn(live) || isIn(shadow));
  }

  /** Reads the partition once more for what is shown. */
  async examples(partition: number, wanted: ReadonlyMap<string, DifferingKey['kind']>): Promise<DifferingKey[]> {
    const [live, shadow] = [await this.valuesOf('live', partition, wanted), await this.valuesOf('shadow', partition, wanted)];
    return [...wanted].map(([identity, kind]) => {
      const sides = { live: live.get(identity) ?? null, shadow: shadow.get(identity) ?? null };
      return { kind, partition, ...this.placeOf(identity), ...sides, fields: kind === 'changed' ? differingFields(sides.live, sides.shadow) : [] };
    });
  }

  private async valuesOf(side: Side, partition: number, wanted: ReadonlyMap<string, unknown>): Promise<Map<string, unknown>> {
    const values = new Map<string, unknown>();
    for await (const { identity, record } of this.results(side, partition)) {
      if (wanted.has(identity)) values.set(identity, record.value === null ? null : this.valueOf(record.key!.toString(), record.value));
    }
    return values;
  }

  /** Records of results, in order, markers left out; `identity` is the key, of a history with the event time. */
  async *results(side: Side, partition: number): AsyncGenerator<{ identity: string; record: LogRecord; eventTimeMs: number }> {
    for await (const record of this.place.tools.records(this.specs[side].name, partition, 0)) {
      if (record.key === null || isMarker(record.header)) continue;
      const header = readHeader(record.header);
      const eventTimeMs = header?.eventTimeMs ?? record.appendTimeMs;
      if (!this.isCompared(side, eventTimeMs, header?.producer.name ?? null)) continue;
      yield { identity: this.isHistory ? `${eventTimeMs} ${record.key.toString()}` : record.key.toString(), record, eventTimeMs };
    }
  }

  private isCompared(side: Side, eventTimeMs: number, producer: string | null): boolean {
    // The windows that the end of a range cuts off are closed, too.
    if (this.range !== null) return side === 'live' || eventTimeMs < this.range.toMs;
    // A history holds what earlier versions told, too.
    return side === 'shadow' || !this.isHistory || producer === null || producer.startsWith(this.livePrefix);
  }

  private placeOf(identity: string): Pick<DifferingKey, 'key' | 'eventTimeMs'> {
    if (!this.isHistory) return { key: identity, eventTimeMs: null };
    const at = identity.indexOf(' ');
    return { key: identity.slice(at + 1), eventTimeMs: Number(identity.slice(0, at)) };
  }

  private digestOf({ key, value }: LogRecord, before: string): string {
    const text = value === null ? 'null' : canonicalJson(asJson(this.valueOf(key!.toString(), value)));
    return createHash('sha1').update(before).update(text).digest('base64');
  }

  private valueOf(key: string, bytes: Buffer): unknown {
    const value = this.comparison.decode(key, bytes);
    const { ignore } = this.comparison;
    if (ignore.size === 0 || typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).filter(([field]) => !ignore.has(field)));
  }
}

const isWithin = (eventTimeMs: number, { fromMs, toMs }: EventRange): boolean => eventTimeMs >= fromMs && eventTimeMs < toMs;

/** Bytes as base64, numbers that are not finite as text, and nothing undefined. */
const asJson = (value: unknown): Json =>
  JSON.parse(
    JSON.stringify(value, (_, part: unknown) => (typeof part === 'number' && !Number.isFinite(part) ? String(part) : part)) ?? 'null',
  ) as Json;

function differingFields(live: unknown, shadow: unknown): string[] {
  const [before, after] = [live, shadow].map((value) => (asJson(value) ?? {}) as Readonly<Record<string, Json>>) as [
    Readonly<Record<string, Json>>,
    Readonly<Record<string, Json>>,
  ];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return names.filter((name) => canonicalJson(before[name] ?? null) !== canonicalJson(after[name] ?? null));
}

function specOf(specs: readonly TopicSpec[], name: string): TopicSpec {
  const found = specs.find((spec) => spec.name === name);
  if (found !== undefined) return found;
  throw new SkillForgeError('SFS_TOPIC_UNKNOWN', `there is no topic ${name}`, { context: { topic: name } });
}

const keyHash = (key: Buffer): number => createHash('md5').update(key).digest().readUInt32BE(0);
