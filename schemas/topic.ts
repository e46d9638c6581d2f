import { ENVELOPE_FIELD, isRecord, type AvroRecord } from './avro-schema.js';
import { SkillForgeError } from './errors.js';
import { KEY_SEPARATOR } from './keys.js';
import { loadSchema } from './load.js';
import { recordNameOf, withRecordNames } from './record-names.js';
import { assertTopicName } from './topic-names.js';
import type { ValueSchema } from './value-schema.js';
import { compileSchema } from './wire-schema.js';

declare const types: unique symbol;

/** A named, typed, partitioned log. `K` is the type of its keys, `V` that of its records with the envelope open. */
export interface Topic<K extends string, V> {
  /** Logical name, without the region. */
  readonly name: string;
  /** Name of the schema: a file of `schemas/avro`, or the full name of `schema`. */
  readonly schemaName: string;
  /** The schema of a topic that a user declared; absent for the project's own. */
  readonly schema?: AvroRecord;
  readonly partitions: number;
  /** `compact` keeps the last record of each key. */
  readonly cleanup: 'delete' | 'compact';
  /** How long records stay, ms by append time; `null` keeps for ever. */
  readonly retentionMs: number | null;
  /** Fields of the value that make the key, joined by `|`; outside of the envelope. */
  readonly keyFields: readonly string[];
  /** Written by a topology: carries watermark markers, and joins as of event time. */
  readonly derived: boolean;
  /** Of a derived topic: task p of its writer writes partition p alone, because it keeps the key of its source. Such a topic has one writer a partition. */
  readonly copartitioned?: boolean;
  readonly description: string;
  /** Never present: carries the types. */
  readonly [types]?: { readonly key: K; readonly value: V };
}

/** Type of the keys of a topic. */
export type KeyOf<T> = T extends Topic<infer K, infer _V> ? K : never;
/** Type of the records of a topic, envelope open. */
export type ValueOf<T> = T extends Topic<infer _K, infer V> ? V : never;

/** The fields of a record that can be part of its key. */
export type TextFields<V> = { readonly [N in keyof V & string as V[N] extends string ? N : never]: V[N] };

/** The key that key fields make: the type of a single one, plain text when several are joined. */
export type KeyOfFields<V, F> = F extends readonly [infer Only extends keyof V] ? (V[Only] extends string ? V[Only] : string) : string;

/** What a user says of a topic of their own; see {@link Topic} for the meaning of each value. */
export interface TopicOptions<V, F extends readonly (keyof TextFields<V>)[]> {
  readonly name: string;
  /** The shape of its records: `schema.record(...)`, or `schema.avro<V>(json)` for an `.avsc` file. */
  readonly schema: ValueSchema<V>;
  readonly keyFields: F;
  readonly partitions: number;
  readonly cleanup?: 'delete' | 'compact';
  readonly retentionMs?: number | null;
  readonly derived?: boolean;
  /** For a derived topic whose writer keeps the key of its source. */
  readonly copartitioned?: boolean;
  readonly description?: string;
}

/**
 * Declares a topic of the user's: its records have the type of the schema, its keys that of the key field (plain text when
 * several fields make the key). A schema without a name gets that of the topic: records of `study-days` are `StudyDays`.
 * Cleanup is `delete` and retention `null` unless given.
 * @example
 * const grades = topic({
 *   name: 'grades',
 *   schema: schema.record({ learner: schema.branded<LearnerId>(), grade: schema.double }),
 *   keyFields: ['learner'],
 *   partitions: 12,
 * }); // Topic<LearnerId, { readonly learner: LearnerId; readonly grade: number }>
 * @throws SFS_TOPIC_INVALID for a bad name, schema, count, retention or key field; SFS_SCHEMA_INVALID for a schema that does not compile
 */
export function topic<V, const F extends readonly (keyof TextFields<V>)[]>(options: TopicOptions<V, F>): Topic<KeyOfFields<V, F>, V> {
  const { name, keyFields, partitions } = options;
  assertTopicName(name);
  const schema = withRecordNames(options.schema.avro, recordNameOf(name)) as AvroRecord;
  const declared: Topic<KeyOfFields<V, F>, V> = {
    name,
    schemaName: compileSchema(schema).name,
    schema,
    partitions,
    cleanup: options.cleanup ?? 'delete',
    retentionMs: options.retentionMs ?? null,
    keyFields,
    derived: options.derived ?? false,
    ...(options.copartitioned === true ? { copartitioned: true } : {}),
    description: options.description ?? '',
  };
  assertTopic(declared);
  return declared;
}

/** The schema of a topic's records. @throws SFS_PACKAGE_BROKEN when the project's file is missing */
export function schemaOf(of: Topic<string, unknown>): AvroRecord {
  return of.schema ?? loadSchema(of.schemaName);
}

/** The key of a record: its key fields joined by `|`. @throws SFS_KEY_INVALID when one is not a non-empty string */
export function keyOf<K extends string, V>(of: Topic<K, V>, value: V): K {
  const record = value as Readonly<Record<string, unknown>>;
  const [first, ...rest] = of.keyFields;
  let key = keyPart(of.name, record, String(first));
  for (const field of rest) key += KEY_SEPARATOR + keyPart(of.name, record, field);
  return key as K;
}

function keyPart(topicName: string, record: Readonly<Record<string, unknown>>, field: string): string {
  const part = record[field];
  if (typeof part === 'string' && part !== '') return part;
  throw new SkillForgeError('SFS_KEY_INVALID', `The key field "${field}" of a record of ${topicName} must be a non-empty string`, {
    context: { topic: topicName, field },
  });
}

/** Checks every rule that a topic must keep. @throws SFS_TOPIC_INVALID */
export function assertTopic(of: Topic<string, unknown>): void {
  assertTopicName(of.name);
  const refuse = (reason: string): never => {
    throw new SkillForgeError('SFS_TOPIC_INVALID', `Topic ${of.name}: ${reason}`, { context: { topic: of.name } });
  };
  if (!Number.isInteger(of.partitions) || of.partitions < 1) refuse('partitions must be an integer of 1 or more');
  if (of.retentionMs !== null && !(Number.isSafeInteger(of.retentionMs) && of.retentionMs > 0))
    refuse('retentionMs must be null or a positive integer');
  if (of.copartitioned === true && !of.derived) refuse('copartitioned is for a derived topic: it tells how its tasks write it');
  if (!isRecord(schemaOf(of))) refuse('its schema must be a record');
  if (of.keyFields.length === 0) refuse('keyFields must name at least one field');
  for (const field of of.keyFields)
    if (!isKeyField(schemaOf(of), field)) refuse(`key field "${field}" must be a string field outside of the envelope`);
}

function isKeyField(schema: AvroRecord, name: string): boolean {
  return name !== ENVELOPE_FIELD && schema.fields.some((field) => field.name === name && field.type === 'string');
}
