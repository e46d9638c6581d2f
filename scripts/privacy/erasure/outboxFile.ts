/** The outbox of a reader: events that are not in the log yet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { OUTBOX_FILE, Outbox, type OutboxEntry } from '../../../reader/outbox.js';
import type { Found } from './found.js';
import { assertAlone, writeAnew } from './lmdbFiles.js';
import type { Mention } from './mention.js';

/** Events of the learner that wait. @throws SFS_REGION_MISMATCH, SFS_VIEW_UNUSABLE */
export async function* foundInOutbox(folder: string, region: string, mention: Mention): AsyncGenerator<Found> {
  const path = join(folder, OUTBOX_FILE);
  if (!existsSync(path)) return;
  const outbox = await Outbox.open(folder, region);
  try {
    for (const { number, event } of entriesOf(outbox, mention)) yield { store: 'reader-outbox', where: `${path} ${number}`, value: event };
  } finally {
    await outbox.close();
  }
}

/**
 * Takes the learner's events out of the outbox, and writes the file anew: LMDB leaves what was deleted in it, what was forwarded too. Others' events stay.
 * @returns how many events went. @throws SFS_ERASURE_WAITS after they have gone, while a reader has the file open; SFS_REGION_MISMATCH, SFS_VIEW_UNUSABLE
 */
export async function eraseInOutbox(folder: string, region: string, mention: Mention): Promise<number> {
  const path = join(folder, OUTBOX_FILE);
  if (!existsSync(path) || mention.countInFile(path) === 0) return 0;
  return writeAnew(
    path,
    () => Outbox.open(folder, region),
    async (outbox, unfinished) => {
      const own = entriesOf(outbox, mention).map(({ number }) => number);
      await outbox.drop(own);
      assertAlone(outbox, path);
      await outbox.copyTo(unfinished);
      return own.length;
    },
  );
}

const entriesOf = (outbox: Outbox, mention: Mention): OutboxEntry[] =>
  [...outbox.waiting()].filter(({ event }) => event.value.learner === mention.learner || (mention.isRandom && mention.inValue(event)));
