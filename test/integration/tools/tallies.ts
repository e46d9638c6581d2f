/** Counts the notes of each learner, and those of each text; refuses some while it is told to, as a function that is mended later. */
import { map } from 'rxjs';
import { aggregate, count, keyBy, to, topology, withValue } from '../../../operators/index.js';
import { schema, topic } from '../../../schemas/index.js';

const partitions = 3;
const note = schema.record({ learner: schema.string, atMs: schema.long, text: schema.string });
const tally = schema.record({ of: schema.string, notes: schema.long });

export const notes = topic({ name: 'notes', schema: note, keyFields: ['learner'], partitions });
const results = { schema: tally, keyFields: ['of'], partitions, cleanup: 'compact', derived: true } as const;
export const tallies = topic({ name: 'tallies', ...results });
export const texts = topic({ name: 'texts', ...results });

/** Whether notes that say so are refused. */
export const mood = { refusesBad: false };

export default topology('tallying', { version: 1 }, ({ source }) => {
  const good = source(notes, { eventTimeMs: (value) => value.atMs, idleMs: 300, maxAheadMs: Number.MAX_SAFE_INTEGER }).pipe(
    map((record) => {
      if (mood.refusesBad && record.value.text === 'bad') throw new Error('not today');
      return record;
    }),
  );
  good.pipe(
    aggregate('total', { notes: count() }),
    map((record) => withValue(record, { of: record.key, notes: record.value.notes })),
    to(tallies),
  );
  good.pipe(
    keyBy('by-text', { key: ({ text }) => text, value: note }),
    aggregate('texts', { notes: count() }),
    map((record) => withValue(record, { of: record.key, notes: record.value.notes })),
    to(texts),
  );
});
