import { filter, map } from 'rxjs';
import { expectTypeOf } from 'vitest';
import { schema, to, topology, withValue, type Records } from '../../../operators/index.js';
import { topic, topics, type ItemId, type KeyOf, type LearnerId, type Topic, type ValueOf } from '../../../schemas/index.js';

const visits = topic({
  name: 'visits',
  schema: schema.record({
    learner: schema.branded<LearnerId>(),
    item: schema.branded<ItemId>(),
    atMs: schema.long,
    room: schema.record({ name: schema.string, floor: schema.nullable(schema.long) }),
    tags: schema.array(schema.string),
  }),
  keyFields: ['learner'],
  partitions: 12,
});
interface Visit {
  readonly learner: LearnerId;
  readonly item: ItemId;
  readonly atMs: number;
  readonly room: { readonly name: string; readonly floor: number | null };
  readonly tags: readonly string[];
}
expectTypeOf<ValueOf<typeof visits>>().toEqualTypeOf<Visit>();
expectTypeOf<KeyOf<typeof visits>>().toEqualTypeOf<LearnerId>();

/** Several fields make a key of plain text; a field of plain text does so alone. */
const shape = schema.record({ learner: schema.branded<LearnerId>(), room: schema.string });
const byBoth = topic({ name: 'by-both', schema: shape, keyFields: ['learner', 'room'], partitions: 1 });
const byRoom = topic({ name: 'by-room', schema: shape, keyFields: ['room'], partitions: 1 });
expectTypeOf(byBoth).toEqualTypeOf<Topic<string, { readonly learner: LearnerId; readonly room: string }>>();
expectTypeOf(byRoom).toEqualTypeOf<Topic<string, { readonly learner: LearnerId; readonly room: string }>>();

/** Avro JSON: the caller says the type of the value, the key follows from it. */
const fromJson = topic({
  name: 'json',
  schema: schema.avro<Visit>({ type: 'record', name: 'Visit', fields: [] }),
  keyFields: ['item'],
  partitions: 1,
});
expectTypeOf(fromJson).toEqualTypeOf<Topic<ItemId, Visit>>();

export const accepted = topology('accepted', { version: 1 }, ({ source }) => {
  const read = source(visits, { eventTimeMs: (visit) => visit.atMs });
  expectTypeOf(read).toEqualTypeOf<Records<LearnerId, ValueOf<typeof visits>>>();
  source(topics.clicks, { eventTimeMs: (click) => click.occurredAtMs }).pipe(
    map((record) =>
      withValue(record, {
        learner: record.key,
        item: record.value.personal.item,
        atMs: record.timestamp,
        room: { name: 'attic', floor: null },
        tags: [],
      }),
    ),
    to(visits),
  );
});

/** A pipeline for topics of any type. */
export const copied = <K extends string, V>(from: Records<K, V>, topic: Topic<K, V>) =>
  from.pipe(
    filter(({ timestamp }) => timestamp > 0),
    to(topic),
  );
export const wrapped = <V extends object>(from: Records<string, V>, topic: Topic<string, { readonly inner: V }>) =>
  from.pipe(
    map((record) => withValue(record, { inner: record.value })),
    to(topic),
  );
