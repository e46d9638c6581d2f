/** Topologies whose every output can be checked: counts and sums that change with each record, through a repartition and a second topology. */
import { map } from 'rxjs';
import { keyBy, reduce, to, topology, withValue, type Records } from '../../../operators/index.js';
import { hours } from '../../../operators/duration.js';
import { schema, topic, type AvroRecord, type Infer, type Topic } from '../../../schemas/index.js';

export const PARTITIONS = 4;
/** Nobody is given up for silent: what came late because of a fault would else be placed by the clock of the machine. */
const NEVER_IDLE = { idleMs: hours(1000) } as const;
/** How long a slow record takes its task: turns of a loop, some milliseconds. */
const SLOW_TURNS = 4_000_000;

const pressSchema = schema.record({
  learner: schema.string,
  course: schema.string,
  atMs: schema.long,
  n: schema.long,
  kind: schema.avro<'plain' | 'slow'>({ type: 'enum', name: 'PressKind', symbols: ['plain', 'slow'] }),
});
export type Press = Infer<typeof pressSchema>;
/** A running total of a key, as it lies in the rows of its task. */
export const totalSchema = schema.record({ count: schema.long, sum: schema.long });
export type Total = Infer<typeof totalSchema>;
const tellingSchema = schema.record({ key: schema.string, count: schema.long, sum: schema.long });
export type Telling = Infer<typeof tellingSchema>;

export const presses = topic({ name: 'presses', schema: pressSchema, keyFields: ['learner'], partitions: PARTITIONS });
/** A press with a field that this version does not know. */
export type LaterPress = Press & Readonly<Record<`extra${number}`, number>>;

/** {@link presses} as a later program declares them, with one field more. */
export function laterPresses(nth: number): Topic<string, LaterPress> {
  const { fields } = pressSchema.avro as AvroRecord;
  const more = { name: `extra${nth}`, type: 'long', default: 0 } as const;
  const later = schema.avro<LaterPress>({ type: 'record', fields: [...fields, more] } as unknown as AvroRecord);
  return topic({ name: 'presses', schema: later, keyFields: ['learner'], partitions: PARTITIONS });
}

const tellings = { schema: tellingSchema, keyFields: ['key'], partitions: PARTITIONS, derived: true } as const;
/** By learner, in the order of the presses. */
export const totals = topic({ name: 'totals', ...tellings });
/** By course: through a repartition. */
export const courses = topic({ name: 'courses', ...tellings });
/** By learner, made of {@link totals} by another topology. */
export const echoes = topic({ name: 'echoes', ...tellings });

/** What a total becomes with one number more. */
export const added = ({ count, sum }: Total, n: number): Total => ({ count: count + 1, sum: sum + n });

function spin(): void {
  for (let turn = 0, value = 0; turn < SLOW_TURNS; turn++) value = Math.imul(value, 31) + turn;
}

const tellingOf = (): ((source: Records<string, Total>) => Records<string, Telling>) =>
  map((record) => withValue(record, { key: record.key, ...record.value }));

const ZERO: Total = { count: 0, sum: 0 };
const told = { state: totalSchema, initial: ZERO };

const counting = topology('counting', { version: 1 }, ({ source }) => {
  const all = source(presses, { eventTimeMs: ({ atMs }) => atMs, ...NEVER_IDLE });
  const withPress = (total: Total, { n, kind }: Press): Total => {
    if (kind === 'slow') spin();
    return added(total, n);
  };
  all.pipe(reduce('by-learner', { ...told, reduce: withPress }), tellingOf(), to(totals));
  all.pipe(
    keyBy('by-course', { key: ({ course }) => course, value: pressSchema }),
    reduce('of-course', { ...told, reduce: (total, { n }: Press) => added(total, n) }),
    tellingOf(),
    to(courses),
  );
});

const echoing = topology('echoing', { version: 1 }, ({ source }) => {
  source(totals, NEVER_IDLE).pipe(reduce('echo', { ...told, reduce: (total, { sum }: Telling) => added(total, sum) }), tellingOf(), to(echoes));
});

export const TOPOLOGIES = [counting, echoing] as const;

/** Where rows are: the subtopology and the store. */
export const STORES = [
  { topic: totals, subtopology: 'counting@1/0', store: 'by-learner/state' },
  { topic: courses, subtopology: 'counting@1/1', store: 'of-course/state' },
  { topic: echoes, subtopology: 'echoing@1/0', store: 'echo/state' },
] as const;
