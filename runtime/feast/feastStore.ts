import { SkillForgeError } from '../../schemas/errors.js';
import type { FeatureValue, FeatureView } from '../../operators/featureViews/featureView.js';
import { RedisConnection, type Argument } from '../redis/connection.js';
import { placeOf, type RedisOptions } from '../redis/options.js';
import { entityKey, featureField, placeField, timeField, type FeastEntity } from './layout.js';
import { WRITE_ROW } from './lua/writeRow.js';
import { unreadable } from './protobuf.js';
import { decodeTimestamp, encodeTimestamp } from './timestamp.js';
import { decodeValue, encodeValue } from './value.js';

/** Where the online store is. Its keys belong to a project of Feast, not to a region and prefix. */
export interface FeastStoreOptions extends RedisOptions {
  /** Letters, digits and `_`; {@link feastProjectOf} the region unless given. */
  readonly project?: string;
}

/** Where a row came from: rows of one event time count in this order. */
export interface SourcePosition {
  readonly partition: number;
  readonly offset: number;
}

/** A row to be written: a value, or `null`, for each feature of the view, in their order. */
export interface PlacedRow {
  readonly view: FeatureView;
  readonly entity: FeastEntity;
  readonly values: readonly FeatureValue[];
  /** ms since epoch, from 1970 on. */
  readonly eventTimeMs: number;
  readonly position: SourcePosition;
}

/** What became of rows. */
export interface WriteCounts {
  readonly written: number;
  /** Rows that were not newer than what was there, or than another one of the same call. */
  readonly older: number;
}

/** A row as it was found. */
export interface FoundRow {
  /** `missing`: there is none. `expired`: it is older than the ttl of the view, and its values are withheld. */
  readonly state: 'present' | 'expired' | 'missing';
  /** ms since epoch; `null` where it is missing. */
  readonly eventTimeMs: number | null;
  /** By feature: `null` where it is empty, absent where the row has none of that name. */
  readonly values: Readonly<Record<string, FeatureValue>>;
}

/** Project of Feast for a region: `skillforge_eu_west` of `eu-west`. */
export const feastProjectOf = (region: string): string => `skillforge_${region.replaceAll('-', '_')}`;

const PROJECT = /^[A-Za-z0-9][A-Za-z0-9_]*$/;
/** Calls on their way to Redis at a time. */
const AT_ONCE = 256;

/**
 * Connects to Redis 7.0 or newer, or to a cluster of them.
 * @throws SFS_REDIS_OPTION; SFS_NAME_INVALID for a project that Feast would not take; SFS_STATE_UNAVAILABLE when there is no Redis;
 * SFS_STATE_REFUSED when it does not let us in
 */
export async function openFeastStore(options: FeastStoreOptions): Promise<FeastStore> {
  const project = options.project ?? feastProjectOf(options.region);
  if (!PROJECT.test(project))
    throw new SkillForgeError('SFS_NAME_INVALID', `${JSON.stringify(project)} is no project of Feast: letters, digits and _`);
  return new FeastStore(await RedisConnection.open(placeOf(options)), project);
}

/** Feast's online store in Redis, read and written as Feast's own SDK does. All calls may fail with SFS_STATE_UNAVAILABLE and SFS_STATE_REFUSED. */
export class FeastStore {
  private readonly layouts = new WeakMap<FeatureView, ViewLayout>();
  private readonly progressKey: string;

  /** Made by {@link openFeastStore}. */
  constructor(
    private readonly connection: RedisConnection,
    readonly project: string,
  ) {
    this.progressKey = `skillforge:feast:{${project}}:progress`;
  }

  /**
   * Writes rows, each unless what is there is as new: by event time, then by position. May be repeated.
   * @throws SFS_FEATURE_ENTITY, SFS_FEATURE_VALUE, before anything is written
   */
  async write(rows: readonly PlacedRow[]): Promise<WriteCounts> {
    const calls = newestOf(rows.map((row) => this.callOf(row)));
    let written = 0;
    for (let from = 0; from < calls.length; from += AT_ONCE) {
      const replies = await Promise.all(calls.slice(from, from + AT_ONCE).map(({ key, args }) => this.connection.run(WRITE_ROW, '', [key], args)));
      written += replies.filter((reply) => reply === 1).length;
    }
    return { written, older: rows.length - written };
  }

  /** The row of a view. @param nowMs - the instant that the ttl counts to, ms @throws SFS_FEATURE_ENTITY, SFS_FEATURE_BYTES */
  async read(view: FeatureView, entity: FeastEntity, nowMs: number): Promise<FoundRow> {
    const { time, fields } = this.layoutOf(view);
    const key = keyOf(this.project, view, entity);
    const [stored, ...bytes] = (await this.connection.command('HMGET', [key, time, ...fields])) as (Buffer | null)[];
    if (stored === null || stored === undefined) return { state: 'missing', eventTimeMs: null, values: {} };
    const eventTimeMs = decodeTimestamp(stored);
    if (view.ttlMs !== null && nowMs - eventTimeMs > view.ttlMs) return { state: 'expired', eventTimeMs, values: {} };
    return { state: 'present', eventTimeMs, values: valuesOf(view, bytes) };
  }

  /** Deletes all rows of an entity, those of views that are not known here too. @returns whether there was anything */
  async purge(entity: FeastEntity): Promise<boolean> {
    return (await this.connection.command('UNLINK', [entityKey(this.project, entity)])) === 1;
  }

  /** How far a partition has been written: the offset of the first record that was not; `null` where nothing was. */
  async progress(topic: string, partition: number): Promise<number | null> {
    const found = (await this.connection.command('HGET', [this.progressKey, `${topic}/${partition}`])) as Buffer | null;
    return found === null ? null : Number(found.toString());
  }

  /** Keeps how far a partition has been written. */
  async keepProgress(topic: string, partition: number, next: number): Promise<void> {
    await this.connection.command('HSET', [this.progressKey, `${topic}/${partition}`, next]);
  }

  /** Waits for what was sent, unless Redis is away. */
  close(): Promise<void> {
    return this.connection.close();
  }

  private callOf({ view, entity, values, eventTimeMs, position }: PlacedRow): WriteCall {
    const { time, place, fields } = this.layoutOf(view);
    const key = keyOf(this.project, view, entity);
    if (values.length !== view.features.length) {
      throw new SkillForgeError('SFS_FEATURE_VALUE', `a row of ${view.name} has ${values.length} values for ${view.features.length} features`);
    }
    const bytes = view.features.flatMap(({ type }, n) => [fields[n]!, encodeValue(type, values[n]!)]);
    const order = orderOf(eventTimeMs, position);
    const head = [time, place, encodeTimestamp(eventTimeMs), order];
    return { id: `${key.toString('latin1')} ${view.name}`, key, order, args: [...head, ...bytes] };
  }

  private layoutOf(view: FeatureView): ViewLayout {
    let layout = this.layouts.get(view);
    if (layout === undefined) {
      const fields = view.features.map(({ name }) => featureField(view.name, name));
      this.layouts.set(view, (layout = { time: timeField(view.name), place: placeField(view.name), fields }));
    }
    return layout;
  }
}

/** The hash fields of a view. */
interface ViewLayout {
  readonly time: Buffer;
  readonly place: Buffer;
  readonly fields: readonly Buffer[];
}

/** A call of the script. */
interface WriteCall {
  /** Of the row that it writes. */
  readonly id: string;
  readonly key: Buffer;
  readonly order: string;
  readonly args: readonly Argument[];
}

/** @throws SFS_FEATURE_ENTITY for an entity that is not of the view's kind */
function keyOf(project: string, view: FeatureView, entity: FeastEntity): Buffer {
  const given = Object.keys(entity);
  if (given.length === view.entities.length && view.entities.every((name) => given.includes(name))) return entityKey(project, entity);
  throw new SkillForgeError(
    'SFS_FEATURE_ENTITY',
    `${view.name} is about ${view.entities.join(' and ')}, not about ${given.join(' and ') || 'nothing'}`,
    {
      context: { view: view.name },
    },
  );
}

/** Texts that order as event times and positions do. @throws SFS_FEATURE_VALUE for a time before 1970, or none */
function orderOf(eventTimeMs: number, { partition, offset }: SourcePosition): string {
  if (!Number.isSafeInteger(eventTimeMs) || eventTimeMs < 0) {
    throw new SkillForgeError('SFS_FEATURE_VALUE', `${eventTimeMs} is no event time in ms from 1970 on`);
  }
  return `${String(eventTimeMs).padStart(16, '0')}:${String(partition).padStart(10, '0')}:${String(offset).padStart(16, '0')}`;
}

/** Of several writes of a row, the newest. */
function newestOf(calls: readonly WriteCall[]): WriteCall[] {
  const newest = new Map<string, WriteCall>();
  for (const call of calls) {
    const known = newest.get(call.id);
    if (known === undefined || known.order < call.order) newest.set(call.id, call);
  }
  return [...newest.values()];
}

/** @throws SFS_FEATURE_BYTES for bytes that are no value, or of another type than the view declares */
function valuesOf({ name: view, features }: FeatureView, bytes: readonly (Buffer | null)[]): Record<string, FeatureValue> {
  const values: Record<string, FeatureValue> = {};
  features.forEach(({ name, type }, n) => {
    const stored = bytes[n];
    if (stored === null || stored === undefined) return;
    const found = decodeValue(stored);
    if (found.type !== null && found.type !== type) throw unreadable(`${view}:${name} is of type ${found.type}, the view says ${type}`);
    values[name] = found.value;
  });
  return values;
}
