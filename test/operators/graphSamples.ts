import { map } from 'rxjs';
import {
  batch,
  count,
  days,
  ewma,
  hours,
  joinInterval,
  joinTable,
  keyBy,
  lookup,
  merge,
  minutes,
  reduce,
  schema,
  to,
  topology,
  tumbling,
  withValue,
  type Topology,
} from '../../operators/index.js';
import { topic, topics, type Infer, type ItemId, type LearnerId, type ValueOf } from '../../schemas/index.js';

const gradeSchema = schema.record({ learner: schema.branded<LearnerId>(), grade: schema.double, atMs: schema.long });

export type Grade = Infer<typeof gradeSchema>;

/** A topic of `partitions` partitions, keyed by learner. */
export const gradesOf = (partitions: number, options: { readonly name?: string; readonly derived?: boolean; readonly retentionMs?: number } = {}) =>
  topic({ name: 'grades', schema: gradeSchema, keyFields: ['learner'], partitions, ...options });

export const grades = gradesOf(12);
export const averages = gradesOf(12, { name: 'averages', derived: true });

const eventTimeMs = (grade: Grade): number => grade.atMs;

/** Two subtopologies: a keyBy between them, a global table in both, a join, a batch and a late route. */
export const wide = (version = 1, sizeMs = days(1)): Topology =>
  topology('wide', { version, description: 'every kind of edge' }, ({ source, table, globalTable }) => {
    const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs, latenessMs: hours(1) });
    const profiles = table(topics.profiles, { eventTimeMs: () => 0 });
    const catalogue = globalTable(topics.catalogue, { eventTimeMs: () => 0 });
    const known = clicks.pipe(
      joinTable('known', profiles, { miss: 'discard' }, (click) => click),
      lookup('item', catalogue, { key: (click) => click.personal.item, miss: 'discard' }, (click) => click),
    );
    known.pipe(
      map((record) => withValue(record, record.value.personal.item)),
      keyBy('by-item', { key: (item) => item, value: schema.branded<ItemId>() }),
      lookup('item-again', catalogue, { key: (item) => item, miss: 'discard' }, (item) => item),
      tumbling(
        'per-day',
        {
          sizeMs,
          late: (late) =>
            late.pipe(
              map((record) => withValue(record, '' as never)),
              to(topics.lateEvents as never, 'late'),
            ),
        },
        { uses: count() },
      ),
      map((record) => withValue(record, record.value as never)),
      to(topics.itemTrends as never),
    );
    known.pipe(
      batch('scored', {
        value: schema.avro<ValueOf<typeof topics.clicks>>('string'),
        maxRecords: 10,
        run: (records) => Promise.resolve(records.map(() => 1)),
      }),
      reduce('best', { state: schema.double, initial: 0, reduce: (best, score) => Math.max(best, score) }),
      map((record) => withValue(record, record.value as never)),
      to(topics.recommendations),
    );
  });

/** One source of `partitions` partitions with a session-like mean, and one sink. */
export const narrow = (partitions = 12, halfLifeMs = days(1), version = 1): Topology =>
  topology('narrow', { version }, ({ source }) => {
    source(gradesOf(partitions), { eventTimeMs }).pipe(
      tumbling('mean', { sizeMs: minutes(5), late: 'dead-letter' }, { grade: ewma((grade) => grade.grade, halfLifeMs) }),
      map((record) => withValue(record, { learner: record.key, grade: record.value.value.grade ?? 0, atMs: record.value.window.endMs })),
      to(averages),
    );
  });

/** Reads two topics together, of these numbers of partitions. */
export const joined = (left: number, right: number): Topology =>
  topology('joined', { version: 1 }, ({ source }) => {
    const others = source(gradesOf(right, { name: 'other-grades' }), { eventTimeMs });
    source(gradesOf(left), { eventTimeMs }).pipe(
      joinInterval(
        'pairs',
        others,
        { beforeMs: 1, afterMs: 0, left: schema.avro('string'), right: schema.avro('string'), late: 'discard' },
        (one) => one,
      ),
      to(averages),
    );
  });

/** Merges a stream with one that was made from it through another topic. */
export const circular = (): Topology =>
  topology('circular', { version: 1 }, ({ source }) => {
    const all = source(grades, { eventTimeMs });
    const again = all.pipe(keyBy('again', { key: (grade) => grade.learner, value: gradeSchema }));
    merge('both', all, again).pipe(to(averages));
  });
