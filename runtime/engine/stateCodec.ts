import { SkillForgeError, type AvroSchema } from '../../schemas/index.js';
import { namesLearners } from '../../schemas/learnerKeys.js';
import { compileSchema } from '../../schemas/wire-schema.js';
import type { ValueSchema } from '../../operators/schema.js';

type AvroType = ReturnType<typeof compileSchema>['type'];
type Resolver = ReturnType<AvroType['createResolver']>;

const SCRATCH = Buffer.allocUnsafeSlow(1 << 16);
const MOST_VERSIONS = 255;

/**
 * Encodes the rows of one store: a byte with the index of the writer's schema in the store's list of schemas, then Avro
 * binary. Rows of older schemas are migrated when they are read.
 *
 * @see Avro 1.12 specification, "Schema Resolution"
 */
export class StateCodec<S> {
  private readonly type: AvroType;
  private readonly resolvers = new Map<number, Resolver>();
  private readonly version: number;
  /** Schemas in order of their first use, this one included: to be kept beside the state. */
  readonly versions: readonly AvroSchema[];
  /** Whether its rows have fields for learners. */
  readonly namesLearners: boolean;

  /** @throws SFS_STATE_VERSIONS when the store has had more than 255 schemas */
  constructor(
    readonly store: string,
    schema: ValueSchema<S>,
    known: readonly AvroSchema[],
  ) {
    this.type = compileSchema(withSingleDefinitions(schema.avro)).type;
    const canonical = JSON.stringify(schema.avro);
    this.namesLearners = namesLearners(schema.avro);
    const found = known.findIndex((older) => JSON.stringify(older) === canonical);
    this.version = found < 0 ? known.length : found;
    this.versions = found < 0 ? [...known, schema.avro] : known;
    if (this.version > MOST_VERSIONS) throw new SkillForgeError('SFS_STATE_VERSIONS', `store ${store} has had ${MOST_VERSIONS} schemas`);
  }

  /** Checks that rows of every schema so far can be read. @throws SFS_STATE_SCHEMA */
  assertMigrates(): void {
    for (let version = 0; version < this.versions.length; version++) if (version !== this.version) this.resolverOf(version);
  }

  /** @throws SFS_STATE_ENCODE when a row does not fit the declared schema */
  encode(row: S): Buffer {
    let end: number;
    try {
      end = this.type.encode(row, SCRATCH, 1);
    } catch (cause) {
      throw new SkillForgeError('SFS_STATE_ENCODE', `a row of store ${this.store} does not fit its schema: ${(cause as Error).message}`, { cause });
    }
    if (end < 0) return this.encodeLarge(row, SCRATCH.length - end);
    SCRATCH[0] = this.version;
    const bytes = Buffer.allocUnsafe(end);
    SCRATCH.copy(bytes, 0, 0, end);
    return bytes;
  }

  private encodeLarge(row: S, size: number): Buffer {
    const buffer = Buffer.allocUnsafe(size);
    this.type.encode(row, buffer, 1);
    buffer[0] = this.version;
    return buffer;
  }

  /** @throws SFS_STATE_SCHEMA when the row's schema is unknown or cannot be migrated; SFS_STATE_DECODE on damaged bytes */
  decode(bytes: Buffer): S {
    const version = bytes[0]!;
    const resolver = version === this.version ? undefined : this.resolverOf(version);
    try {
      const { value, offset } = this.type.decode(bytes, 1, resolver) as { readonly value: unknown; readonly offset: number };
      if (offset !== bytes.length) throw new Error(`${bytes.length - offset} bytes are left over`);
      return value as S;
    } catch (cause) {
      throw new SkillForgeError('SFS_STATE_DECODE', `a row of store ${this.store} cannot be read: ${(cause as Error).message}`, { cause });
    }
  }

  private resolverOf(version: number): Resolver {
    let resolver = this.resolvers.get(version);
    if (resolver === undefined) this.resolvers.set(version, (resolver = this.makeResolver(version)));
    return resolver;
  }

  private makeResolver(version: number): Resolver {
    const writer = this.versions[version];
    if (writer === undefined) throw new SkillForgeError('SFS_STATE_SCHEMA', `store ${this.store} has a row of schema ${version}, which is not known`);
    try {
      return this.type.createResolver(compileSchema(withSingleDefinitions(writer)).type);
    } catch (cause) {
      throw new SkillForgeError(
        'SFS_STATE_SCHEMA',
        `rows of schema ${version} of store ${this.store} cannot be migrated: ${(cause as Error).message}`,
        { cause },
      );
    }
  }
}

/** Avro defines a name once: later definitions of the same name (a topic's value used twice in one row) become references. */
export function withSingleDefinitions(schema: AvroSchema, seen = new Set<string>()): AvroSchema {
  if (typeof schema === 'string') return schema;
  if (Array.isArray(schema)) return (schema as readonly AvroSchema[]).map((branch) => withSingleDefinitions(branch, seen));
  const node = schema as {
    type: string;
    name?: string;
    namespace?: string;
    fields?: { type: AvroSchema }[];
    items?: AvroSchema;
    values?: AvroSchema;
  };
  if (node.name !== undefined) {
    const name = node.namespace ? `${node.namespace}.${node.name}` : node.name;
    if (seen.has(name)) return name;
    seen.add(name);
  }
  const copy = { ...node };
  if (node.fields) copy.fields = node.fields.map((field) => ({ ...field, type: withSingleDefinitions(field.type, seen) }));
  if (node.items) copy.items = withSingleDefinitions(node.items, seen);
  if (node.values) copy.values = withSingleDefinitions(node.values, seen);
  return copy as AvroSchema;
}
