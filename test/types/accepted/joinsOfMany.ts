import { map } from 'rxjs';
import { expectTypeOf } from 'vitest';
import {
  foreignKeyChanges,
  inTimeOrder,
  joinTable,
  lookupAll,
  merge,
  reduceTable,
  schema,
  topicSchema,
  topology,
  type Table,
} from '../../../operators/index.js';
import { topics, type CourseId, type ItemId, type LearnerId, type ValueOf } from '../../../schemas/index.js';

type Click = ValueOf<typeof topics.clicks>;
type Item = ValueOf<typeof topics.catalogue>;
type Curriculum = ValueOf<typeof topics.curricula>;

const last = schema.record({ item: schema.branded<ItemId>(), course: schema.branded<CourseId>() });

export const accepted = topology('accepted', { version: 1 }, ({ source, globalTable, globalVersionedTable }) => {
  const catalogue = globalTable(topics.catalogue, { eventTimeMs: () => 0 });
  const curricula = globalVersionedTable(topics.curricula, { historyMs: 1 });
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs }).pipe(
    inTimeOrder('in-order', { value: topicSchema(topics.clicks) }),
    map((record) => {
      expectTypeOf(record.key).toEqualTypeOf<LearnerId>();
      expectTypeOf(record.value).toEqualTypeOf<Click>();
      return record;
    }),
  );

  const state = reduceTable('last', clicks, {
    state: last,
    initial: { item: '' as ItemId, course: '' as CourseId },
    reduce: (before, click, timestamp) => {
      expectTypeOf(click).toEqualTypeOf<Click>();
      return timestamp < 0 ? null : { ...before, item: click.personal.item };
    },
  });
  expectTypeOf(state).toExtend<Table<LearnerId, { readonly item: ItemId; readonly course: CourseId }>>();

  clicks.pipe(joinTable('with-state', state, { miss: 'discard' }, (_, row) => expectTypeOf(row.item).toEqualTypeOf<ItemId>()));

  const told = foreignKeyChanges('told', state, curricula, {
    keys: (row) => [row.course],
    signature: (curriculum) => String(curriculum.items.length),
  });
  foreignKeyChanges('told-of-items', state, catalogue, { keys: (row) => [row.item], signature: (item) => item.course });

  merge('all', state.changes, told).pipe(
    lookupAll(
      'rows',
      { catalogue, curricula },
      { keys: { catalogue: ({ item }) => [item], curricula: ({ course }) => [course] }, value: last },
      (value, rows, timestamp) => {
        expectTypeOf(rows.catalogue).toEqualTypeOf<ReadonlyMap<ItemId, Item>>();
        expectTypeOf(rows.curricula).toEqualTypeOf<ReadonlyMap<CourseId, Curriculum>>();
        return { value, timestamp, items: rows.curricula.get(value.course)?.items };
      },
    ),
    map((record) => {
      expectTypeOf(record.key).toEqualTypeOf<LearnerId>();
      expectTypeOf(record.value.timestamp).toEqualTypeOf<number>();
      expectTypeOf(record.value.items).toEqualTypeOf<Curriculum['items'] | undefined>();
      return record;
    }),
  );

  clicks.pipe(
    lookupAll(
      'items',
      { catalogue },
      { keys: { catalogue: (click) => [click.personal.item] } },
      (click, { catalogue: items }) => items.get(click.personal.item)?.skills,
    ),
    map((record) => expectTypeOf(record.value).toEqualTypeOf<Item['skills'] | undefined>()),
  );
});
