/** The outbox of a reader: events that are not in the log yet. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OUTBOX_FILE, Outbox, type OutboxEntry } from '../../../reader/outbox.js';
import { syncFile } from '../../archive/durableFile.js';
import type { Found } from './found.js';
import { assertAlone } from './lmdbFiles.js';
import type { Mention } from './mention.js';

const LOCK = '-lock';

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
  const unfinished = `${path}.unfinished`;
  for (const name of [unfinished, unfinished + LOCK]) rmSync(name, { force: true });
  const outbox = await Outbox.open(folder, region);
  let erased: number;
  try {
    const own = entriesOf(outbox, mention).map(({ number }) => number);
    await outbox.drop(own);
    erased = own.length;
    assertAlone(outbox, path);
    await outbox.copyTo(unfinished);
    syncFile(unfinished);
    // A copy takes a while: a reader that has begun meanwhile would write into the file that goes.
    assertAlone(outbox, path);
  } finally {
    await outbox.close();
  }
  rmSync(path + LOCK, { force: true });
  renameSync(unfinished, path);
  rmSync(unfinished + LOCK, { force: true });
  return erased;
}

const entriesOf = (outbox: Outbox, mention: Mention): OutboxEntry[] =>
  [...outbox.waiting()].filter(({ event }) => event.value.learner === mention.learner || (mention.isRandom && mention.inValue(event)));
