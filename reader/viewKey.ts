/** Sees to it that the view of a region with data keys has a key of its own, before anything is read into it. */
import type { MaterializerOptions } from './passWork.js';
import type { RebuildReason } from './rebuilding.js';
import { emptyHead, type ViewHead } from './viewStore.js';

/** Rows under one key: with random nonces more of them are not safe to be sealed. */
const MOST_SEALS = 2 ** 32;

/**
 * Follows the key of a view; one that was begun without a key, while nobody could tell or before there were any, is begun anew in a new file. The new key is made first: as long as that cannot be, what there
 * is stays served.
 * @throws what the log throws, what wrapping a key throws, SFS_VIEW_UNUSABLE
 */
export async function assureKey({ store, seal, log, region, clock, events }: MaterializerOptions): Promise<void> {
  const { head, version } = store.head();
  const reason = renewalOf(head);
  if (reason === null || !(await seal.isNeeded())) {
    seal.follow(head);
    const wrapped = head === null ? null : seal.takeNewer(head);
    if (wrapped !== null) await store.write(version, { head: { ...head!, wrapped }, rows: [] });
    return;
  }
  const fresh = emptyHead(region, log.identity?.() ?? null, clock());
  const wrapped = await seal.make();
  if (head !== null) {
    await store.renew();
    events?.onRebuild?.(reason);
  }
  await store.write(0, { head: { ...fresh, wrapped }, rows: [] });
  seal.follow(store.head().head);
}

/** What is wrong with a view where its region has keys. */
function renewalOf(head: ViewHead | null): RebuildReason | null {
  if (head?.wrapped === undefined) return { code: 'in-clear', message: 'the region has data keys, and rows of learners lie in it in clear' };
  if (head.isClosed) return { code: 'closed', message: 'it was made without the keys of the region: nobody could open what it holds' };
  if ((head.seals ?? 0) > MOST_SEALS) return { code: 'key-used-up', message: 'its key has sealed as many rows as it may' };
  return null;
}
