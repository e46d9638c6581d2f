/** The small LMDB files beside the log: the identity map, the view and the deny list of a reader. */
import { randomBytes } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { IDENTITY_FILE, openStore } from '../../../gateway/index.js';
import { DENY_FILE, openDenyList, type DeniedLearner } from '../../../reader/denyList.js';
import { removeFile, replaceFile } from '../../../lmdb/files.js';
import { SharedFile, openUnshared, otherProcesses } from '../../../lmdb/sharedFile.js';
import { VIEW_FILE } from '../../../reader/lmdbViewStore.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { isKeyOfLearner } from '../../../schemas/learnerKeys.js';
import { syncFile } from '../../archive/durableFile.js';
import { holdsHomes, homesName, onHomes, type HomesPlace } from '../../gateway/homesPlace.js';
import type { Found } from './found.js';
import type { Mention } from './mention.js';
import { ViewRows, wrappedKeyIn } from './viewRows.js';

const UNFINISHED = '.unfinished';

/** What is known of a learner in the identity map: that somebody has this pseudonym. Who it is cannot be told from the keyed hash. */
export async function* foundIdentity(folder: string, mention: Mention): AsyncGenerator<Found> {
  const path = join(folder, IDENTITY_FILE);
  if (!existsSync(path)) return;
  const map = openStore(folder, IDENTITY_FILE);
  try {
    for (const { key, value } of map.root.getRange()) {
      if (value.toString() !== mention.learner) continue;
      yield { store: 'identity-map', where: path, value: { identity: Buffer.from(key).toString('hex'), learner: mention.learner } };
    }
  } finally {
    await map.close();
  }
}

/**
 * Takes the learner out of the identity map by writing the map anew: LMDB leaves what was deleted in its file. The key stays, and with it all other mappings.
 * @returns how many mappings went. @throws SFS_ERASURE_WAITS while another process has the map open
 */
export async function eraseIdentity(folder: string, mention: Mention): Promise<number> {
  const path = join(folder, IDENTITY_FILE);
  if (!existsSync(path) || mention.countInFile(path) === 0) return 0;
  return writeAnew(
    path,
    () => Promise.resolve(openStore(folder, IDENTITY_FILE)),
    async (map, unfinished) => {
      assertAlone(map, path);
      const all = Array.from(map.root.getRange(), ({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const);
      const kept = all.filter(([, learner]) => learner.toString() !== mention.learner);
      const copy = openUnshared(unfinished);
      try {
        copy.transactionSync(() => kept.forEach(([key, learner]) => copy.putSync(key, learner)));
      } finally {
        await copy.close();
      }
      return all.length - kept.length;
    },
  );
}

/** Entries that are written again in one transaction: the gateway waits for it. */
const PIECE = 1_000;
/** How often the file is gone through until nothing of the learner is left in what was freed. */
const PASSES = 20;

/**
 * Takes the learner out of the identity map beside the gateway that has it open. LMDB leaves in the file what was deleted, on pages that it has freed and on those that have room again: so all entries are written again,
 * as they are, until it has used these for something else.
 * @returns how many mappings went, and whether nothing is left in any byte of the file
 */
export async function removeIdentity(folder: string, mention: Mention): Promise<{ readonly mappings: number; readonly isGone: boolean }> {
  const path = join(folder, IDENTITY_FILE);
  const map = openStore(folder, IDENTITY_FILE);
  try {
    const theirs = Array.from(map.root.getRange()).flatMap(({ key, value }) => (value.toString() === mention.learner ? [Buffer.from(key)] : []));
    await map.write(() => theirs.forEach((key) => void map.root.removeSync(key)));
    let isGone = mention.countInFile(path) === 0;
    for (let pass = 0; pass < PASSES && !isGone; pass++) {
      await writeAgain(map);
      isGone = mention.countInFile(path) === 0;
    }
    return { mappings: theirs.length, isGone };
  } finally {
    await map.close();
  }
}

async function writeAgain(map: SharedFile): Promise<void> {
  // One that stands for nobody: where nobody else is in the map there would be nothing to write.
  const filler = randomBytes(32);
  await map.write(() => map.root.putSync(filler, randomBytes(36)));
  for (let start: Buffer | null = Buffer.alloc(1); start !== null;) {
    const from: Buffer = start;
    start = await map.write(() => {
      const entries = Array.from(
        map.root.getRange({ start: from, limit: PIECE }),
        ({ key, value }) => [Buffer.from(key), Buffer.from(value)] as const,
      );
      for (const [key, value] of entries) map.root.putSync(key, value);
      return entries.length < PIECE ? null : entries.at(-1)![0];
    });
  }
  await map.write(() => void map.root.removeSync(filler));
}

/** What tells who has a file of LMDB open. */
type OpenFile = Pick<SharedFile, 'readerList' | 'close'>;

/**
 * Puts a new file in the place of one of LMDB, which leaves in it what was deleted.
 * @param work - writes the new one. @returns what it gave
 * @throws SFS_ERASURE_WAITS while another process has the file open, and what `work` throws
 */
export async function writeAnew<F extends OpenFile, T>(
  path: string,
  opened: () => Promise<F>,
  work: (file: F, unfinished: string) => Promise<T>,
): Promise<T> {
  const unfinished = path + UNFINISHED;
  removeFile(unfinished);
  const file = await opened();
  let result: T;
  try {
    result = await work(file, unfinished);
    syncFile(unfinished);
    // That took a while: who has begun meanwhile would go on in the file that goes.
    assertAlone(file, path);
  } finally {
    await file.close();
  }
  replaceFile(path, unfinished);
  return result;
}

/** Where the register of homes says that the learner is at home. */
export async function* foundHomes(place: HomesPlace, { learner }: Mention): AsyncGenerator<Found> {
  if (!holdsHomes(place)) return;
  const regions = await onHomes(place, (homes) => homes.homesOf(learner));
  for (const home of regions) yield { store: 'home-register', where: homesName(place), value: { learner, home } };
}

/** Takes the learner out of the register of homes: it holds hashes under a key, so what LMDB has freed says nothing. @returns how many entries went */
export async function eraseHomes(place: HomesPlace, { learner }: Mention): Promise<number> {
  return holdsHomes(place) ? onHomes(place, (homes) => homes.forget(learner)) : 0;
}

/** Rows of the view of a reader. */
export async function* foundInView(folder: string, region: string, mention: Mention): AsyncGenerator<Found> {
  const path = join(folder, VIEW_FILE);
  if (!existsSync(path)) return;
  const view = SharedFile.open(path);
  try {
    const rows = await ViewRows.of(view, region);
    for (const { key, value } of learnerRowsIn(view, mention)) {
      yield { store: 'reader-view', where: `${path} ${key.toString().replace('\0', ' ')}`, value: rows.told(key.toString(), value) };
    }
  } finally {
    await view.close();
  }
}

const rowsOf = (view: SharedFile) => view.database('rows');

function learnerRowsIn(view: SharedFile, mention: Mention): { readonly key: Buffer; readonly value: Buffer }[] {
  const rows = Array.from(rowsOf(view).getRange(), ({ key, value }) => ({ key: Buffer.from(key), value }));
  return rows.filter(({ key, value }) => isViewKeyOf(key.toString(), mention) || (mention.isRandom && mention.countIn(value) > 0));
}

/** `topic NUL key`: an item of the catalogue may be called as a learner is. */
function isViewKeyOf(viewKey: string, mention: Mention): boolean {
  const at = viewKey.indexOf('\0');
  if (mention.isRandom || at < 0) return mention.inKey(viewKey);
  return isKeyOfLearner(`any.${viewKey.slice(0, at)}`, viewKey.slice(at + 1), mention.learner, null);
}

/**
 * Takes the learner out of the view of a reader. The view is a copy of the log: where no reader has it open it is deleted, and built anew by the next one. What LMDB has freed of a sealed view names nobody, and the
 * key in its head opens it, so that one goes whatever it seems to hold.
 * @param goneAtMs - when an earlier erasure of the learner was done, ms since epoch: a view that was begun later is told by what it holds. `null` where there was none
 * @returns how many rows went. @throws SFS_ERASURE_WAITS after the rows have gone, while a reader has it open: what LMDB has freed goes with the file
 */
export async function eraseInView(folder: string, mention: Mention, goneAtMs: number | null = null): Promise<number> {
  const path = join(folder, VIEW_FILE);
  if (!existsSync(path)) return 0;
  const seemsClean = mention.countInFile(path) === 0;
  if (seemsClean && isBegunAfter(path, goneAtMs)) return 0;
  const view = SharedFile.open(path);
  let erased = 0;
  try {
    if (seemsClean && wrappedKeyIn(view) === undefined) return 0;
    const rows = learnerRowsIn(view, mention);
    const all = rowsOf(view);
    await view.write(() => rows.forEach(({ key }) => void all.removeSync(key)));
    erased = rows.length;
    assertAlone(view, path);
  } finally {
    await view.close();
  }
  removeFile(path);
  return erased;
}

/** Not where the file system does not know when a file was made. */
const isBegunAfter = (path: string, timeMs: number | null): boolean => timeMs !== null && statSync(path).birthtimeMs > timeMs;

/** The entry of the deny list. */
export async function* foundDenied(folder: string, mention: Mention): AsyncGenerator<Found> {
  if (!existsSync(join(folder, DENY_FILE))) return;
  for (const entry of await deniedIn(folder)) {
    if (entry.learner === mention.learner) yield { store: 'deny-list', where: folder, value: entry, isNameAlone: true };
  }
}

async function deniedIn(folder: string): Promise<DeniedLearner[]> {
  const denied = openDenyList({ folder });
  try {
    return denied.list();
  } finally {
    await denied.close();
  }
}

/** Serves the learner as one of whom nothing is known, from the next request on. */
export async function deny(folder: string, learner: string): Promise<void> {
  const denied = openDenyList({ folder });
  try {
    await denied.add(learner);
  } finally {
    await denied.close();
  }
}

/** Serves the learner's own lists again. Resolves to whether they were denied. */
export async function allow(folder: string, learner: string): Promise<boolean> {
  if (!existsSync(join(folder, DENY_FILE))) return false;
  const denied = openDenyList({ folder });
  try {
    return await denied.remove(learner);
  } finally {
    await denied.close();
  }
}

/** @throws SFS_ERASURE_WAITS while another process has the file open */
export function assertAlone(file: Pick<SharedFile, 'readerList'>, path: string): void {
  const others = otherProcesses(file);
  if (others.length > 0) throw waits(path, others);
}

function waits(path: string, pids: readonly number[]): SkillForgeError {
  const message = `${path} is open in process ${pids.join(', ')}: stop it and call this again; what can be done besides is done`;
  return new SkillForgeError('SFS_ERASURE_WAITS', message, { retriable: true, context: { path, pids } });
}
