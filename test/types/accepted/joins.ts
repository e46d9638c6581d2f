import { map } from 'rxjs';
import { expectTypeOf } from 'vitest';
import { joinAsOf, joinInterval, joinTable, lookup, minutes, topicSchema, topology } from '../../../operators/index.js';
import { topics, type ClickDetails, type ItemId, type LearnerId, type ValueOf } from '../../../schemas/index.js';

export const accepted = topology('accepted', { version: 1 }, ({ source, table, versionedTable, globalTable }) => {
  const clicks = source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs });
  const profiles = table(topics.profiles, { eventTimeMs: () => 0 });
  const features = versionedTable(topics.learnerFeatures);
  const catalogue = globalTable(topics.catalogue, { eventTimeMs: () => 0 });
  const quizzes = source(topics.quizResults, { eventTimeMs: () => 0 });

  clicks.pipe(
    joinTable('profile', profiles, { miss: 'discard' }, (click, profile) => {
      expectTypeOf(click).toEqualTypeOf<ValueOf<typeof topics.clicks>>();
      expectTypeOf(profile).toEqualTypeOf<ValueOf<typeof topics.profiles>>();
      return { details: click.personal, profile };
    }),
    map((record) => {
      expectTypeOf(record.key).toEqualTypeOf<LearnerId>();
      expectTypeOf(record.value).toEqualTypeOf<{ details: ClickDetails; profile: ValueOf<typeof topics.profiles> }>();
      return record;
    }),
    lookup('item', catalogue, { key: (value) => value.details.item, miss: 'dead-letter' }, ({ details }, item, timestamp) => ({
      details,
      item,
      timestamp,
    })),
    map((record) => {
      expectTypeOf(record.key).toEqualTypeOf<LearnerId>();
      expectTypeOf(record.value).toEqualTypeOf<{ details: ClickDetails; item: ValueOf<typeof topics.catalogue>; timestamp: number }>();
      expectTypeOf(record.value.item.item).toEqualTypeOf<ItemId>();
      return record;
    }),
  );

  clicks.pipe(
    joinAsOf(
      'features',
      features,
      { miss: 'discard', value: topicSchema(topics.clicks) },
      (click, row) => [click.personal.action, row.asOfMs] as const,
    ),
    map((record) => expectTypeOf(record.value).toEqualTypeOf<readonly ['VIEW' | 'OPEN' | 'COMPLETE' | 'DWELL', number]>()),
  );
  clicks.pipe(
    joinInterval(
      'quiz',
      quizzes,
      { beforeMs: 0, afterMs: minutes(5), left: topicSchema(topics.clicks), right: topicSchema(topics.quizResults), late: 'discard' },
      (click, quiz) => ({ click, quiz }),
    ),
    map((record) => expectTypeOf(record.value).toEqualTypeOf<{ click: ValueOf<typeof topics.clicks>; quiz: ValueOf<typeof topics.quizResults> }>()),
  );
});
