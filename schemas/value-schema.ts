import type { AvroField, AvroSchema } from './avro-schema.js';

/**
 * The shape of values, as an Avro schema whose TypeScript type is inferred: whoever declares a topic, or what an operator
 * keeps or sends on, writes the shape once.
 *
 * @see https://avro.apache.org/docs/1.12.0/specification/ (state is Avro binary; migration is Avro schema resolution)
 */
export interface ValueSchema<T> {
  /** The Avro schema as JSON. Records may be anonymous: a topic names its own after itself. */
  readonly avro: AvroSchema;
  /** Never present at run time: carries the type. */
  readonly __type?: T;
}

/** The TypeScript type of a schema's values. */
export type Infer<S> = S extends ValueSchema<infer T> ? T : never;

type Fields = Record<string, ValueSchema<unknown>>;

const of = <T>(avro: AvroSchema): ValueSchema<T> => ({ avro });

/** Avro wants names for records; those of operators have none, avsc accepts that. */
const anonymous = (fields: readonly AvroField[]): AvroSchema => ({ type: 'record', fields }) as unknown as AvroSchema;

function record<F extends Fields>(fields: F): ValueSchema<{ readonly [N in keyof F]: Infer<F[N]> }> {
  return of(anonymous(Object.entries(fields).map(([name, field]) => ({ name, type: field.avro, ...defaultOf(field.avro) }))));
}

/** A nullable field defaults to null, so that adding one is a compatible change. */
function defaultOf(avro: AvroSchema): { default?: null } {
  return Array.isArray(avro) && avro[0] === 'null' ? { default: null } : {};
}

/**
 * Shapes of values, with their type inferred. A nullable field may be added later: what was written without it reads as `null`.
 *
 * @example
 * events.pipe(
 *   reduce('seen', {
 *     state: schema.record({ tags: schema.array(schema.string), lastMs: schema.nullable(schema.long) }),
 *     initial: { tags: [], lastMs: null },
 *     reduce: (state, event, timestamp) => ({ tags: [...state.tags, event.tag], lastMs: timestamp }),
 *   }),
 * )
 * // <- ada@1 'open', ada@2 'close'
 * // -> ada@1 { tags: ['open'], lastMs: 1 }
 * // -> ada@2 { tags: ['open', 'close'], lastMs: 2 }
 */
export const schema = {
  /** Text. */
  string: of<string>('string'),
  /** True or false. */
  boolean: of<boolean>('boolean'),
  /** Whole numbers from -2^52 to 2^53 - 2: what Avro holds exactly in JavaScript. */
  long: of<number>('long'),
  /** Any number. */
  double: of<number>('double'),
  /** Bytes as they are. */
  bytes: of<Buffer>('bytes'),
  /** A string with a brand of its own, as keys have: `schema.branded<LearnerId>()`. */
  branded: <T extends string>(): ValueSchema<T> => of<T>('string'),
  /** A list of values of one shape. */
  array: <T>(items: ValueSchema<T>): ValueSchema<readonly T[]> => of({ type: 'array', items: items.avro }),
  /** Values of one shape by text keys. */
  map: <T>(values: ValueSchema<T>): ValueSchema<Readonly<Record<string, T>>> => of({ type: 'map', values: values.avro }),
  /** A value or `null`. */
  nullable: <T>(inner: ValueSchema<T>): ValueSchema<T | null> => of(['null', inner.avro]),
  /** Named fields, each with its own shape. */
  record,
  /** An Avro schema written by hand, such as the content of an `.avsc` file; `T` is the caller's word. */
  avro: <T>(avro: AvroSchema): ValueSchema<T> => of<T>(avro),
} as const;
