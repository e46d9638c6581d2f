/** The key of a view: what holds without it, whose it stays, and what an erasure makes of it. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RecommendationClient, type ClientNotice, type ClientOptions, type RecommendationLog } from '../../reader/index.js';
import { LmdbViewStore, VIEW_FILE } from '../../reader/lmdbViewStore.js';
import type { ViewHead } from '../../reader/viewStore.js';
import { appendOrder } from '../../scripts/oversight/orderBox.js';
import { measureOrder } from '../../scripts/oversight/orders.js';
import { eraseInView } from '../../scripts/privacy/erasure/lmdbFiles.js';
import { Mention } from '../../scripts/privacy/erasure/mention.js';
import { topics } from '../../schemas/index.js';
import { atEndOfFile } from '../fixtures/endOfFile.js';
import { newFolder } from '../fixtures/folders.js';
import { keyedFolder, type KeyedFolder } from './keyed.js';
import { COURSE, shortOf } from './serving.js';
import { MADE_MS, REGION, Shelves } from './shelves.js';

const soon = { timeout: 10_000, interval: 20 };
const slow = { timeout: 30_000 };
const gone = (): never => {
  throw new Error('the log is away');
};

async function school(hasKeys = true): Promise<KeyedFolder & { readonly shelves: Shelves }> {
  const folder = await keyedFolder(hasKeys);
  const shelves = new Shelves(folder.storage.log);
  await shelves.recommend('ada', { [COURSE]: { next: ['own'] } });
  await shelves.recommend('ben', { [COURSE]: { next: ['other'] } });
  await shelves.segment(COURSE, 'all', [['popular', 90]]);
  return { ...folder, shelves };
}

async function opened(log: RecommendationLog, folder: string, more: Partial<ClientOptions> = {}): Promise<RecommendationClient> {
  const client = await RecommendationClient.open({ log, region: REGION, store: { folder }, now: () => MADE_MS, pollMs: 10, ...more });
  atEndOfFile(() => client.close());
  return client;
}

async function filled(log: RecommendationLog, folder = newFolder()): Promise<string> {
  const client = await opened(log, folder);
  await client.caughtUp();
  await client.close();
  return folder;
}

async function changeHead(folder: string, change: (head: ViewHead) => ViewHead): Promise<void> {
  const store = LmdbViewStore.open(folder);
  const { head, version } = store.head();
  expect(await store.write(version, { head: change(head!), rows: [] })).toBe(true);
  await store.close();
}

const asOlder = (head: ViewHead): ViewHead => ({ ...head, isWhole: undefined, isClosed: undefined }) as unknown as ViewHead;

describe('a view in clear whose new key cannot be made', () => {
  it('takes what people decide for all, and deletes what was deleted', slow, async () => {
    const { log, keys, shelves } = await school();
    const folder = await filled({ ...log, diskKeys: () => null });
    keys.isServiceAway = true;
    await shelves.bytes(topics.recommendations, 'ben', null);
    const reader = await opened(log, folder);
    await expect.poll(() => shortOf(reader.get('ben')), soon).toEqual(['popular', ['popular']]);
    expect(shortOf(reader.get('ada'))).toEqual(['personal', ['own']]);
    await appendOrder(shelves, measureOrder({ region: REGION, by: 'a', reason: 'r', nowMs: MADE_MS }, { action: 'pause', course: null }));
    await expect.poll(() => shortOf(reader.get('ada')), soon).toEqual(['paused', ['popular']]);
    expect(reader.status()).toMatchObject({ ready: false, trouble: 'SFS_KEYS_UNAVAILABLE' });
    await reader.close();
  });
});

describe('a reader without keys', () => {
  const away = ({ closed }: KeyedFolder): RecommendationLog => ({ ...closed, topics: gone, range: gone, read: gone });

  it('takes events over a view of an older version while the log is away, unless something sealed is in it', slow, async () => {
    for (const [hasKeys, code] of [
      [false, undefined],
      [true, 'SFS_EVENTS_IN_CLEAR'],
    ] as const) {
      // prettier-ignore
      const place = await school(hasKeys);
      const folder = await filled(place.closed);
      await changeHead(folder, asOlder);
      const reader = await opened(away(place), folder);
      expect(reader.eventRefusal()?.code).toBe(code);
      await reader.close();
    }
  });

  it('takes events while it builds the view anew from the same log, and none where it never saw its end', slow, async () => {
    const place = await school(false);
    const folder = await filled(place.closed);
    const again = await opened(away(place), folder, { rebuild: true });
    expect(again.eventRefusal()).toBeNull();
    await again.close();
    await filled(place.closed, folder);
    await changeHead(folder, (head) => ({ ...head, followedAtMs: 0 }));
    let isHeld = true;
    const notices: ClientNotice[] = [];
    const held = { ...place.closed, read: (...at: Parameters<RecommendationLog['read']>) => (isHeld && notices.length > 0 ? gone() : place.closed.read(...at)) }; // prettier-ignore
    const onNotice = (notice: ClientNotice): void => {
      if (notice.kind === 'rebuild') notices.push(notice);
    };
    const later = await opened(held, folder, { onNotice });
    await expect.poll(() => notices.length, soon).toBe(1);
    expect(later.eventRefusal()).toBeNull();
    isHeld = false;
    await later.close();
    const fresh = await opened(away(place), newFolder());
    expect(fresh.eventRefusal()?.code).toBe('SFS_NOT_READY');
    await fresh.close();
  });
});

describe('the key of a sealed view', () => {
  it('stays at hand when another process wraps it anew', slow, async () => {
    const { log, keys } = await school();
    const folder = newFolder();
    const one = await opened(log, folder);
    await one.caughtUp();
    const wrapped = async (): Promise<string | undefined> => {
      const store = LmdbViewStore.open(folder);
      const { head } = store.head();
      await store.close();
      return head?.wrapped;
    };
    const before = await wrapped();
    // The other one asks its own way to the key service: for the first it is away.
    const two = await opened({ ...log, diskKeys: () => ({ ...keys, wrap: (secret) => log.diskKeys!()!.wrap(secret) }) }, folder);
    await expect.poll(wrapped, soon).not.toBe(before);
    keys.isServiceAway = true;
    await two.close();
    await one.catchUp();
    expect(shortOf(one.get('ada'))).toEqual(['personal', ['own']]);
    await one.close();
  });
});

describe('an erasure in a sealed view', () => {
  it('deletes the file though nothing in it names the learner, and not one that was begun after an earlier erasure', async () => {
    const { log } = await school();
    const path = join(await filled(log), VIEW_FILE);
    const folder = join(path, '..');
    const nobody = new Mention('cleo');
    expect(nobody.countInFile(path)).toBe(0);
    expect([await eraseInView(folder, nobody, 1), existsSync(path)]).toEqual([0, true]);
    expect([await eraseInView(folder, nobody, Date.now() + 60_000), existsSync(path)]).toEqual([0, false]);
    await filled(log, folder);
    expect([await eraseInView(folder, nobody), existsSync(path)]).toEqual([0, false]);
    expect(await eraseInView(folder, nobody)).toBe(0);
  });

  it('leaves a view in clear that does not name the learner', async () => {
    const { log } = await school(false);
    const folder = await filled(log);
    expect([await eraseInView(folder, new Mention('cleo')), existsSync(join(folder, VIEW_FILE))]).toEqual([0, true]);
  });
});
