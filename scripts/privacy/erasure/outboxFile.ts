/** The outbox of a reader: events that are not in the log yet. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { otherProcesses } from '../../../lmdb/sharedFile.js';
import { OUTBOX_FILE, Outbox, type OutboxEntry } from '../../../reader/outbox.js';
import { lookingDiskKeys } from '../../../runtime/keys/diskKeys.js';
import type { Found } from './found.js';
import { assertAlone, writeAnew } from './lmdbFiles.js';
import type { Mention } from './mention.js';

/** Events of the learner that wait. @throws SFS_REGION_MISMATCH, SFS_VIEW_UNUSABLE; of a sealed outbox what unwrapping its key throws: what cannot be read must not look as if it were not there */
export async function* foundInOutbox(folder: string, region: string, mention: Mention): AsyncGenerator<Found> {
  const path = join(folder, OUTBOX_FILE);
  if (!existsSync(path)) return;
  const outbox = await opened(folder, region);
  try {
    for (const { number, event } of entriesOf(outbox, mention)) yield { store: 'reader-outbox', where: `${path} ${number}`, value: event };
  } finally {
    await outbox.close();
  }
}

/**
 * Takes the learner's events out of the outbox, and writes the file anew: LMDB leaves what was deleted in it, what was forwarded too. Others' events stay. Of a sealed outbox nobody can tell what it has left, so it
 * is written anew whenever no reader has it open.
 * @returns how many events went. @throws SFS_ERASURE_WAITS after they have gone, while a reader has the file open; SFS_REGION_MISMATCH, SFS_VIEW_UNUSABLE; of a sealed outbox what unwrapping its key throws
 */
export async function eraseInOutbox(folder: string, region: string, mention: Mention): Promise<number> {
  const path = join(folder, OUTBOX_FILE);
  if (!existsSync(path) || !(await mayHold(folder, region, mention))) return 0;
  return writeAnew(
    path,
    () => opened(folder, region),
    async (outbox, unfinished) => {
      const own = entriesOf(outbox, mention).map(({ number }) => number);
      await outbox.drop(own);
      assertAlone(outbox, path);
      await outbox.copyTo(unfinished);
      return own.length;
    },
  );
}

/** Whether the file has something of the learner, or may have it where that can be mended now. */
async function mayHold(folder: string, region: string, mention: Mention): Promise<boolean> {
  if (mention.countInFile(join(folder, OUTBOX_FILE)) > 0) return true;
  const outbox = await opened(folder, region);
  try {
    return outbox.isSealed && (entriesOf(outbox, mention).length > 0 || otherProcesses(outbox).length === 0);
  } finally {
    await outbox.close();
  }
}

/** @throws what unwrapping its key throws */
async function opened(folder: string, region: string): Promise<Outbox> {
  const outbox = await Outbox.open(folder, region, { keys: lookingDiskKeys });
  try {
    if (outbox.isSealed) await outbox.unlock();
    return outbox;
  } catch (error) {
    await outbox.close();
    throw error;
  }
}

const entriesOf = (outbox: Outbox, mention: Mention): OutboxEntry[] =>
  [...outbox.waiting()].filter(({ event }) => event.value.learner === mention.learner || (mention.isRandom && mention.inValue(event)));
