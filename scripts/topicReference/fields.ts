import { SEALED_NAME, isRecord, isUnion, type AvroField, type AvroRecord, type AvroSchema } from '../../schemas/avro-schema.js';

/** A field as the reference shows it. */
export interface FieldRow {
  /** From the record down, such as `personal.courses[].item`. */
  readonly path: string;
  /** In words, with its default. */
  readonly type: string;
  /** Empty where a unit has no sense. */
  readonly unit: string;
  readonly personal: string;
  readonly doc: string;
}

/** Every field of a schema, those of nested records behind the field that holds them; a record that comes again is named, not repeated. */
export function fieldRows(schema: AvroRecord, prefix = ''): FieldRow[] {
  return schema.fields.flatMap((field) => [rowOf(field, prefix), ...rowsWithin(field.type, prefix + field.name)]);
}

function rowOf(field: AvroField, prefix: string): FieldRow {
  const { name, unit, personal, doc, keyType } = field;
  const key = keyType === undefined ? '' : ` (\`${keyType}\`)`;
  const standard = field.default === undefined || field.default === null ? '' : `, default \`${JSON.stringify(field.default)}\``;
  return {
    path: prefix + name,
    type: typeText(field.type) + key + standard,
    unit: unit === undefined || unit === 'none' ? '' : unit,
    personal: personal ?? '',
    doc: doc ?? '',
  };
}

function rowsWithin(type: AvroSchema, path: string): FieldRow[] {
  if (typeof type === 'string') return [];
  if (isUnion(type)) return type.flatMap((branch) => rowsWithin(branch, path));
  if (isRecord(type)) return fieldRows(type, `${path}.`);
  if (type.type === 'array') return rowsWithin(type.items, `${path}[]`);
  return type.type === 'map' ? rowsWithin(type.values, `${path}{}`) : [];
}

function typeText(type: AvroSchema): string {
  if (type === SEALED_NAME) return '[`Sealed`](#sealed)';
  if (typeof type === 'string') return `\`${type.slice(type.lastIndexOf('.') + 1)}\``;
  if (isUnion(type)) return [...type.filter((branch) => branch !== 'null'), ...type.filter((branch) => branch === 'null')].map(typeText).join(' or ');
  switch (type.type) {
    case 'array':
      return `list of ${typeText(type.items)}`;
    case 'map':
      return `map of ${typeText(type.values)}`;
    case 'enum':
      return `one of ${type.symbols.map((symbol) => `\`${symbol}\``).join(', ')}`;
    case 'record':
    case 'fixed':
      return `\`${type.name}\``;
    default:
      return `\`${type.type}\``;
  }
}
