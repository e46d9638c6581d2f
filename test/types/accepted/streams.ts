import { map } from 'rxjs';
import { expectTypeOf } from 'vitest';
import {
  aggregate,
  batch,
  branch,
  count,
  days,
  debounce,
  dedupe,
  everySilent,
  keyBy,
  merge,
  minutes,
  reduce,
  schema,
  to,
  topicSchema,
  topology,
  withValue,
  type Records,
  type Tick,
} from '../../../operators/index.js';
import { topics, type ItemId, type LearnerId, type ValueOf } from '../../../schemas/index.js';

type Clicked = ValueOf<typeof topics.clicks>;

export const accepted = topology('accepted', { version: 1 }, ({ source }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  expectTypeOf(clicks).toEqualTypeOf<Records<LearnerId, Clicked>>();

  const byItem = clicks.pipe(
    map((record) => withValue(record, { item: record.value.personal.item, clicks: record.value.personal.clicks })),
    keyBy('by-item', { key: (value) => value.item, value: schema.record({ item: schema.branded<ItemId>(), clicks: schema.long }) }),
  );
  expectTypeOf(byItem).toEqualTypeOf<Records<ItemId, { readonly item: ItemId; readonly clicks: number }>>();

  byItem.pipe(
    reduce('total', {
      state: schema.record({ total: schema.long }),
      initial: { total: 0 },
      reduce: (state, value) => ({ total: state.total + value.clicks }),
    }),
    map((record) => {
      expectTypeOf(record.key).toEqualTypeOf<ItemId>();
      expectTypeOf(record.value).toEqualTypeOf<{ readonly total: number }>();
      return record;
    }),
  );

  const by = branch('by-action', clicks, { completed: (record) => record.value.personal.action === 'COMPLETE', viewed: () => true });
  expectTypeOf<keyof typeof by>().toEqualTypeOf<'completed' | 'viewed' | 'otherwise'>();
  expectTypeOf(by.completed).toEqualTypeOf<Records<LearnerId, Clicked>>();
  by.otherwise.pipe(to(topics.clicks, 'unknown-actions'));

  const counted = by.completed.pipe(aggregate('completions', { completions: count() }));
  expectTypeOf(counted).toEqualTypeOf<Records<LearnerId, { completions: number }>>();
  expectTypeOf(merge('both', counted, by.viewed)).toEqualTypeOf<Records<LearnerId, { completions: number } | Clicked>>();

  const quiet = by.viewed.pipe(
    dedupe('once', { by: (click) => click.eventId, withinMs: days(1) }),
    debounce('calm', { intervalMs: minutes(1), value: topicSchema(topics.clicks) }),
    everySilent('silent', { everyMs: days(1), forMs: days(7), value: topicSchema(topics.clicks) }),
  );
  expectTypeOf(quiet).toEqualTypeOf<Records<LearnerId, Tick<Clicked>>>();

  const scored = clicks.pipe(
    batch('score', {
      value: topicSchema(topics.clicks),
      maxRecords: 64,
      run: (records) => Promise.resolve(records.map((record) => record.value.personal.clicks)),
    }),
  );
  expectTypeOf(scored).toEqualTypeOf<Records<LearnerId, number>>();
});
