/**
 * Where Feast keeps what in Redis, with entity key version 3: one hash for each entity of a project, with a field for each feature of each view
 * and one for the event time of each view's row. `docs/adr/0018-feast-online-store.md` has the bytes of an example.
 */
import { SkillForgeError } from '../../schemas/errors.js';
import { murmur3 } from './murmur3.js';

/** An entity: a value for each join key. A text has Feast's type STRING, a bigint INT64. */
export type FeastEntity = Readonly<Record<string, string | bigint>>;

const STRING = 2;
const INT64 = 4;

const u32 = (value: number): Buffer => {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32LE(value);
  return bytes;
};

const typed = (type: number, bytes: Buffer): Buffer => Buffer.concat([u32(type), u32(bytes.length), bytes]);

function valueBytes(value: string | bigint): Buffer {
  if (typeof value === 'string') return typed(STRING, Buffer.from(value));
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64LE(value);
  return typed(INT64, bytes);
}

/** The Redis key of an entity: join keys by name, then their values, then the project. @throws SFS_FEATURE_ENTITY without a join key */
export function entityKey(project: string, entity: FeastEntity): Buffer {
  const joined = Object.entries(entity)
    .map(([name, value]) => ({ name: Buffer.from(name), value }))
    .sort((a, b) => a.name.compare(b.name));
  if (joined.length === 0) throw new SkillForgeError('SFS_FEATURE_ENTITY', 'an entity without a join key');
  return Buffer.concat([
    u32(joined.length),
    ...joined.map(({ name }) => typed(STRING, name)),
    ...joined.map(({ value }) => valueBytes(value)),
    Buffer.from(project),
  ]);
}

/** The hash field of a feature. */
export const featureField = (view: string, feature: string): Buffer => u32(murmur3(Buffer.from(`${view}:${feature}`)));

/** The hash field of the event time of a view's row. */
export const timeField = (view: string): Buffer => Buffer.from(`_ts:${view}`);

/** A field of our own, which Feast does not look at: the place of a view's row in the order of writes, followed by its event time as stored. */
export const placeField = (view: string): Buffer => Buffer.from(`_at:${view}`);
