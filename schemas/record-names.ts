import { isUnion, type AvroRecord, type AvroSchema } from './avro-schema.js';

/** Namespace of what travels between the stages of a topology. */
export const INTERNAL_NAMESPACE = 'eu.skillforge.internal';

/** The name of a topic's record: `study-days` has records `StudyDays`. Avro names begin with a letter, hence `Topic2days`. */
export function recordNameOf(topicName: string): string {
  const words = topicName.split(/[^a-z0-9]+/);
  const name = words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
  return /^[0-9]/.test(name) ? `Topic${name}` : name;
}

/**
 * The schema with a name for each record that has none: `path` for itself, `path_field` for the record within a field. Avro
 * asks for names that differ, registries and other languages show them.
 */
export function withRecordNames(schema: AvroSchema, path: string): AvroSchema {
  if (typeof schema === 'string') return schema;
  if (isUnion(schema)) return schema.map((branch) => withRecordNames(branch, path));
  if (schema.type === 'array') return { ...schema, items: withRecordNames(schema.items, path) };
  if (schema.type === 'map') return { ...schema, values: withRecordNames(schema.values, path) };
  return schema.type === 'record' ? namedRecord(schema, path) : schema;
}

/** A record with a name was written by hand and stays as it is. */
function namedRecord(record: AvroRecord, path: string): AvroRecord {
  if ((record as Partial<AvroRecord>).name !== undefined) return record;
  const fields = record.fields.map((field) => ({ ...field, type: withRecordNames(field.type, `${path}_${field.name}`) }));
  return { ...record, name: path, fields };
}
