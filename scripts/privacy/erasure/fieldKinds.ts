/** What the fields of records, rows and files hold, by their names: an item may be called as a learner is. */
import { schemaOf, topics, type AvroSchema, type Topic } from '../../../schemas/index.js';
import { isRecord, isUnion, type AvroField } from '../../../schemas/avro-schema.js';
import { isLearnerName } from '../../../schemas/learnerKeys.js';

/** A pseudonym as a whole, text that may name one, something else; or nobody has said. */
export type FieldKind = 'learner' | 'text' | 'other' | 'unknown';

/** Fields that have no class, as they are in state: parts of aggregates, and keys of items and cohorts. */
const UNCLASSED: readonly (readonly [string, FieldKind])[] = [
  ['group', 'other'],
  ['items', 'other'],
  ['courses', 'other'],
  ['cohorts', 'other'],
  ['soFar', 'other'],
];

/** Kinds of fields, by the classes that schemas give them. */
export class FieldKinds {
  private constructor(private readonly kinds: ReadonlyMap<string, FieldKind>) {}

  /** Those of the project's own schemas: what they do not know is not known. */
  static readonly project = new FieldKinds(
    new Map([...UNCLASSED, ...kindsIn(Object.values(topics as Readonly<Record<string, Topic<string, unknown>>>).map(schemaOf))]),
  );

  /** With the classes of another schema before them. */
  with(schema: AvroSchema): FieldKinds {
    return new FieldKinds(new Map([...this.kinds, ...kindsIn([schema])]));
  }

  /** Fields without a class hold what the field around them does. */
  of(name: string, around: FieldKind): FieldKind {
    return this.kinds.get(name) ?? (isLearnerName(name) ? 'learner' : around);
  }
}

/** Where two fields share a name, the one that may tell of a learner counts. */
function kindsIn(schemas: readonly AvroSchema[]): Map<string, FieldKind> {
  const kinds = new Map<string, FieldKind>();
  for (const field of schemas.flatMap(fieldsIn)) {
    if (field.personal === undefined || !holdsText(field.type)) continue;
    const kind = kindOf(field);
    if (kind !== 'other' || !kinds.has(field.name)) kinds.set(field.name, kind);
  }
  return kinds;
}

function kindOf({ name, personal, keyType }: AvroField): FieldKind {
  if (personal !== 'pseudonym') return 'other';
  return keyType === 'LearnerId' || isLearnerName(name) ? 'learner' : 'text';
}

function fieldsIn(schema: AvroSchema): AvroField[] {
  if (typeof schema === 'string') return [];
  if (isUnion(schema)) return schema.flatMap(fieldsIn);
  if (isRecord(schema)) return schema.fields.flatMap((field) => [field, ...fieldsIn(field.type)]);
  if (schema.type === 'array') return fieldsIn(schema.items);
  return schema.type === 'map' ? fieldsIn(schema.values) : [];
}

/** Of records within it each field speaks for itself. */
function holdsText(type: AvroSchema): boolean {
  if (typeof type === 'string') return type === 'string';
  if (isUnion(type)) return type.some(holdsText);
  if (type.type === 'array') return holdsText(type.items);
  return type.type === 'map' ? holdsText(type.values) : type.type === 'string';
}
