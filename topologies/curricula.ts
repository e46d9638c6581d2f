import { map } from 'rxjs';
import { hours, keyBy, reduce, schema, to, topicSchema, topology, type Infer } from '../operators/index.js';
import { topics } from '../schemas/index.js';

const LATENESS = hours(1);

const catalogueItem = topicSchema(topics.catalogue);
const curriculum = schema.record({
  asOfMs: schema.long,
  items: schema.array(schema.record({ told: catalogueItem, addedAtMs: schema.long })),
});

type Curriculum = Infer<typeof curriculum>;
type Kept = Curriculum['items'][number];

/** Whatever the order in which the catalogue's statements come: of each item the newest one holds, and the oldest one is when it was added. */
function withItem({ asOfMs, items }: Curriculum, told: Kept['told']): Curriculum {
  const known = items.find((other) => other.told.item === told.item);
  const kept: Kept = {
    told: known !== undefined && known.told.updatedAtMs > told.updatedAtMs ? known.told : told,
    addedAtMs: Math.min(known?.addedAtMs ?? told.updatedAtMs, told.updatedAtMs),
  };
  const others = items.filter((other) => other !== known);
  const place = others.findIndex((other) => other.told.item > told.item);
  return { asOfMs: Math.max(asOfMs, told.updatedAtMs), items: others.toSpliced(place < 0 ? others.length : place, 0, kept) };
}

function published({ told, addedAtMs }: Kept) {
  const { course: _course, text: _text, region: _region, updatedAtMs: _updatedAtMs, ...item } = told;
  return { ...item, addedAtMs };
}

/** All items of each course, in one record that is written anew as soon as the catalogue changes one of them. */
export default topology('curricula', { version: 1, description: 'all items of each course' }, ({ source, region }) => {
  source(topics.catalogue, { eventTimeMs: (item) => item.updatedAtMs, latenessMs: LATENESS }).pipe(
    map((record) => ({ ...record, value: { ...record.value, text: '' } })),
    keyBy('by-course', { key: (item) => item.course, value: catalogueItem, partitions: topics.curricula.partitions }),
    reduce('curriculum', { state: curriculum, initial: { asOfMs: Number.MIN_SAFE_INTEGER, items: [] }, reduce: withItem }),
    map(({ key, value: { asOfMs, items } }) => ({
      key,
      // A statement that comes late changes what holds now: it must not become a version of the past without what came since.
      timestamp: asOfMs,
      value: { course: key, region, asOfMs, topologyVersion: 1, items: items.map(published) },
    })),
    to(topics.curricula),
  );
});
