/** Sees to it that the view of a region with data keys has a key of its own, before anything is read into it. */
import { MOST_DISK_SEALS } from '../schemas/index.js';
import type { KnownHead } from './dropping.js';
import type { MaterializerOptions } from './passWork.js';
import type { RebuildReason } from './rebuilding.js';
import type { ViewSeal } from './viewSeal.js';
import { emptyHead, type ViewHead, type ViewStore } from './viewStore.js';

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
    if (head !== null) await keepNewer(store, seal, { head, version });
    return;
  }
  const fresh = emptyHead(region, log.identity?.() ?? null, clock());
  const key = await seal.make();
  if (head !== null) {
    await store.renew();
    events?.onRebuild?.(reason);
  }
  await store.write(0, { head: { ...fresh, ...key }, rows: [] });
  seal.follow(store.head().head);
}

/** What is wrapped anew takes the place of what was; where another process was faster, the next pass looks again. */
async function keepNewer(store: ViewStore, seal: ViewSeal, { head, version }: KnownHead): Promise<void> {
  const wrapped = seal.newerOf(head);
  if (wrapped === null) return;
  const newer = { ...head, wrapped };
  if (await store.write(version, { head: newer, rows: [] })) seal.tookNewer(newer);
}

/** What is wrong with a view where its region has keys. */
function renewalOf(head: ViewHead | null): RebuildReason | null {
  if (head?.isClosed) return { code: 'closed', message: 'it was made without the keys of the region: nobody could open what it holds' };
  if (head?.wrapped === undefined) return { code: 'in-clear', message: 'the region has data keys, and the view was begun without one of its own' };
  if ((head.seals ?? 0) > MOST_DISK_SEALS) return { code: 'key-used-up', message: 'its key has sealed as many rows as it may' };
  return null;
}
