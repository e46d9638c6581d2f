/** A topic whose schema changes, and topologies that sum what is in it, each with its own reading of the schema. */
import { map } from 'rxjs';
import { reduce, schema, to, topology, withValue, type Topology } from '../../../operators/index.js';
import { topic, topicCodec, type AvroRecord, type SchemaIds, type Topic } from '../../../schemas/index.js';

/** A record as the first version of the schema has it; later ones add fields. */
export interface Grade {
  readonly learner: string;
  readonly grade: number;
  readonly takenAtMs: number;
  readonly course?: string;
}

const FIELDS = [
  { name: 'learner', type: 'string' },
  { name: 'grade', type: 'double' },
  { name: 'takenAtMs', type: 'long' },
] as const;

const gradeSchema = (fields: AvroRecord['fields']): AvroRecord => ({ type: 'record', name: 'Grade', namespace: 'test', fields });

/** The schema that was first, one that old and new readers can read side by side, and one that neither can. */
export const GRADE = {
  old: gradeSchema(FIELDS),
  added: gradeSchema([...FIELDS, { name: 'course', type: 'string', default: '' }]),
  changed: gradeSchema([FIELDS[0], { name: 'grade', type: 'string' }, FIELDS[2]]),
} as const;

export type GradeVersion = keyof typeof GRADE;

/** The topic as a program with this version of the schema declares it. */
export const grades = (version: GradeVersion) =>
  topic({ name: 'grades', schema: schema.avro<Grade>(GRADE[version]), keyFields: ['learner'], partitions: 1 });

const sumsOf = (name: string) =>
  topic({
    name,
    schema: schema.record({ learner: schema.string, total: schema.double, grades: schema.long }),
    keyFields: ['learner'],
    partitions: 1,
    derived: true,
  });

/** Sums the grades of each learner into the topic of its own name. */
export const sums = (name: string, version: GradeVersion): Topology =>
  topology(name, { version: 1 }, ({ source }) => {
    source(grades(version), { eventTimeMs: ({ takenAtMs }) => takenAtMs }).pipe(
      reduce('total', {
        state: schema.record({ total: schema.double, grades: schema.long }),
        initial: { total: 0, grades: 0 },
        reduce: (state, { grade }) => ({ total: state.total + grade, grades: state.grades + 1 }),
      }),
      map((record) => withValue(record, { learner: record.key, ...record.value })),
      to(sumsOf(name)),
    );
  });

/** Encodes a grade with a version of the schema. */
export const gradeBytes = (version: GradeVersion, ids: SchemaIds, value: Grade): Buffer =>
  topicCodec(grades(version) as Topic<string, unknown>, ids).encode(value.learner, value);
