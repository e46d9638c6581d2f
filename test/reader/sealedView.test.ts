/** The view of a reader in a region with data keys: what lies in its file, and what is served when keys are away. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { RecommendationClient, type ClientNotice, type ClientOptions, type RecommendationLog } from '../../reader/index.js';
import { LmdbViewStore, VIEW_FILE } from '../../reader/lmdbViewStore.js';
import { Mention } from '../../scripts/privacy/erasure/mention.js';
import { eraseInView, foundInView } from '../../scripts/privacy/erasure/lmdbFiles.js';
import { appendOrder } from '../../scripts/oversight/orderBox.js';
import { CLEARED, overrideOrder } from '../../scripts/oversight/orders.js';
import { FolderRing, ringOf } from '../../runtime/keys/folderRing.js';
import { serviceOf } from '../../runtime/keys/services.js';
import { learnerId, topics } from '../../schemas/index.js';
import { atEndOfFile } from '../fixtures/endOfFile.js';
import { newFolder } from '../fixtures/folders.js';
import { keyedFolder, type KeyedFolder } from './keyed.js';
import { COURSE, shortOf } from './serving.js';
import { MADE_MS, REGION, Shelves } from './shelves.js';

const soon = { timeout: 10_000, interval: 20 };
const [OWN, PINNED, POPULAR] = ['quiz-on-volcanoes', 'essay-on-glaciers', 'tour-of-the-library'];

interface School extends KeyedFolder {
  readonly shelves: Shelves;
}

/** A learner with a list, another one with what a person decided, and what is popular. */
async function keyedSchool(hasKeys = true): Promise<School> {
  const folder = await keyedFolder(hasKeys);
  const shelves = new Shelves(folder.storage.log);
  await shelves.recommend('ada', { [COURSE]: { next: [OWN] } });
  await shelves.recommend('ben', { [COURSE]: { next: ['other-quiz-of-ben'] } });
  await appendOrder(shelves, overrideOrder({ region: REGION, by: 'a', reason: 'r', nowMs: MADE_MS }, learnerId('ben'), { ...CLEARED, pinned: [PINNED] })); // prettier-ignore
  await shelves.segment(COURSE, 'all', [[POPULAR, 90]]);
  return { ...folder, shelves };
}

interface Opened {
  readonly client: RecommendationClient;
  readonly notices: ClientNotice[];
  readonly of: (learner: string) => [string, string[]];
  /** Whether the file has these, byte by byte. */
  readonly has: (...texts: string[]) => boolean[];
  readonly close: () => Promise<void>;
}

async function opened(log: RecommendationLog, folder: string, more: Partial<ClientOptions> = {}): Promise<Opened> {
  const notices: ClientNotice[] = [];
  const onNotice = (notice: ClientNotice): void => void notices.push(notice);
  const client = await RecommendationClient.open({ log, region: REGION, store: { folder }, now: () => MADE_MS, pollMs: 10, onNotice, ...more });
  atEndOfFile(() => client.close());
  return {
    ...{ client, notices },
    of: (learner) => shortOf(client.get(learner)),
    has: (...texts) => {
      const bytes = readFileSync(join(folder, VIEW_FILE));
      return texts.map((text) => bytes.includes(text));
    },
    close: () => client.close(),
  };
}

const gone = (): never => {
  throw new Error('the log is away');
};
/** Nothing but the keys is there. */
const lost = ({ log }: KeyedFolder): RecommendationLog => ({ ...log, topics: gone, range: gone, read: gone, identity: gone });

const headOf = async (folder: string) => {
  const store = LmdbViewStore.open(folder);
  const { head } = store.head();
  await store.close();
  return head!;
};

describe('a view in a region with data keys', () => {
  it('has nothing of a learner in its file that can be read, and answers as one in clear', async () => {
    const [sealed, clear] = [await keyedSchool(), await keyedSchool(false)];
    const views = [await opened(sealed.log, newFolder()), await opened(clear.log, newFolder())] as const;
    for (const view of views) {
      await view.client.caughtUp();
      expect([view.of('ada'), view.of('ben')]).toEqual([['personal', [OWN]], ['personal', [PINNED, 'other-quiz-of-ben']]]); // prettier-ignore
      expect([...view.client.all({ list: 'next' })].map(({ learner, items }) => [learner, items[0]!.item])).toEqual([['ada', OWN], ['ben', 'other-quiz-of-ben']]); // prettier-ignore
    }
    await Promise.all(views.map((view) => view.close()));
    expect(views.map((view) => view.has(OWN, 'other-quiz-of-ben', PINNED, POPULAR))).toEqual([
      [false, false, false, true],
      [true, true, true, true],
    ]);
  });

  it('is opened by the key service alone when it starts again: no log, no ring', async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const first = await opened(school.log, folder);
    await first.client.caughtUp();
    await first.close();
    school.keys.isRingAway = true;
    const second = await opened(lost(school), folder);
    expect([second.of('ada'), second.of('ben')[1][0]]).toEqual([['personal', [OWN]], PINNED]);
    await second.close();
  });

  it(
    'serves what is popular while the key service is away at its start, is not ready, and opens the lists when it is back',
    { timeout: 30_000 },
    async () => {
      const school = await keyedSchool();
      const folder = newFolder();
      const first = await opened(school.log, folder);
      await first.client.caughtUp();
      // From here on the key is in memory.
      school.keys.isServiceAway = true;
      await school.shelves.recommend('ada', { [COURSE]: { next: ['a-later-list'] } });
      await expect.poll(() => first.of('ada'), soon).toEqual(['personal', ['a-later-list']]);
      await first.close();

      const second = await opened(school.log, folder);
      expect([second.of('ada'), second.of('ben')]).toEqual([['popular', [POPULAR]], ['popular', [POPULAR]]]); // prettier-ignore
      await expect.poll(() => second.client.status(), soon).toMatchObject({ ready: false, trouble: 'SFS_KEYS_UNAVAILABLE' });
      await expect(RecommendationClient.openStill({ log: school.log, region: REGION, store: { folder } })).rejects.toMatchObject({
        code: 'SFS_KEYS_UNAVAILABLE',
      });
      school.keys.isServiceAway = false;
      await expect.poll(() => second.of('ada'), soon).toEqual(['personal', ['a-later-list']]);
      await expect.poll(() => second.client.status(), soon).toMatchObject({ ready: true, trouble: null });
      await second.close();
    },
  );

  it('forgets a learner with the tombstone, and finds none where the key was deleted when it is built anew', async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const first = await opened(school.log, folder);
    await first.client.caughtUp();
    await school.shelves.bytes(topics.recommendations, 'ben', null);
    await school.shelves.bytes(topics.overrides, 'ben', null);
    await expect.poll(() => first.of('ben'), soon).toEqual(['popular', [POPULAR]]);
    await first.close();
    const ring = await FolderRing.open(school.data);
    expect(ring.delete('ada')).toBe(true);
    ring.close();
    // Who has the ring open hears of it within a second.
    const anew = async (): Promise<unknown> => {
      const again = await opened(school.log, newFolder());
      await again.client.caughtUp();
      const answer = again.of('ada');
      await again.close();
      return answer;
    };
    await expect.poll(anew, soon).toEqual(['popular', [POPULAR]]);
  });

  it('is looked into and erased by its file', async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const reader = await opened(school.log, folder);
    await reader.client.caughtUp();
    await reader.close();
    const mention = new Mention('ada');
    const found = async (): Promise<string[]> => {
      const all: string[] = [];
      for await (const { value } of foundInView(folder, REGION, mention)) all.push(JSON.stringify(value));
      return all;
    };
    expect((await found()).map((text) => text.includes(OWN))).toEqual([true]);
    expect(await eraseInView(folder, mention)).toBe(1);
    expect(await found()).toEqual([]);
  });

  it('keeps the newest wrapping of its key: older versions of what wraps it may be forbidden', async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const first = await opened(school.log, folder);
    await first.client.caughtUp();
    await first.close();
    expect((await headOf(folder)).wrapped).toContain('"v1:');
    await serviceOf(ringOf(school.data).service).rotate();
    const second = await opened(school.log, folder);
    await second.client.caughtUp();
    await expect.poll(async () => (await headOf(folder)).wrapped, soon).toContain('"v2:');
    await school.shelves.recommend('ada', { [COURSE]: { next: ['a-later-list'] } });
    await expect.poll(() => second.of('ada'), soon).toEqual(['personal', ['a-later-list']]);
    await second.close();
  });
});

describe('a view of before', () => {
  it('in clear is begun anew in a new file when its region has keys, and not before the new key is there', { timeout: 30_000 }, async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    // As an older version left it: whoever wrote it had the records open, and no keys for files.
    const old: RecommendationLog = { ...school.log, diskKeys: () => null };
    const before = await opened(old, folder);
    await before.client.caughtUp();
    expect(before.of('ada')).toEqual(['personal', [OWN]]);
    await before.close();
    expect(before.has(OWN, PINNED)).toEqual([true, true]);

    school.keys.isServiceAway = true;
    const waiting = await opened(school.log, folder);
    await expect.poll(() => waiting.client.status().trouble, soon).toBe('SFS_KEYS_UNAVAILABLE');
    expect(waiting.of('ada')).toEqual(['personal', [OWN]]);
    school.keys.isServiceAway = false;
    await waiting.client.caughtUp();
    expect(waiting.notices.flatMap((notice) => (notice.kind === 'rebuild' ? [notice.reason.code] : []))).toEqual(['in-clear']);
    expect([waiting.of('ada'), waiting.of('ben')[1][0]]).toEqual([['personal', [OWN]], PINNED]);
    await waiting.close();
    expect(waiting.has(OWN, PINNED, POPULAR)).toEqual([false, false, true]);
  });

  it('that was begun while nobody could tell takes no record that was sealed: it is begun anew with the first', { timeout: 30_000 }, async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    school.keys.isRingAway = true;
    const reader = await opened({ ...school.log, read: (topic, ...place) => (topic.endsWith('.segment-recommendations') ? school.log.read(topic, ...place) : []) }, folder); // prettier-ignore
    await reader.client.caughtUp();
    expect([reader.of('ada'), (await headOf(folder)).wrapped]).toEqual([['popular', [POPULAR]], undefined]);
    await reader.close();
    const second = await opened(school.log, folder, { rebuild: true });
    // The ring is away, and so is the key: nothing of the learner is written before.
    await expect.poll(() => second.client.status().trouble, soon).toBe('SFS_KEYS_UNAVAILABLE');
    expect(second.has(OWN)).toEqual([false]);
    school.keys.isRingAway = false;
    await second.client.caughtUp();
    expect(second.of('ada')).toEqual(['personal', [OWN]]);
    await second.close();
    expect(second.has(OWN)).toEqual([false]);
  });

  it('that was made without the keys says that there are some, and is built anew with them', async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const without = await opened(school.closed, folder);
    await without.client.caughtUp();
    expect([without.of('ada'), without.client.eventRefusal()?.code]).toEqual([['popular', [POPULAR]], 'SFS_EVENTS_IN_CLEAR']);
    await without.close();
    const again = await opened({ ...school.closed, read: gone }, folder);
    expect(again.client.eventRefusal()?.code).toBe('SFS_EVENTS_IN_CLEAR');
    await again.close();
    const reader = await opened(school.log, folder);
    await reader.client.caughtUp();
    expect([reader.of('ada'), reader.client.eventRefusal()]).toEqual([['personal', [OWN]], null]);
    await reader.close();
  });
});

describe('a sealed view', () => {
  it('takes nothing in clear from a reader without keys, which says so', async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const reader = await opened(school.log, folder);
    await reader.client.caughtUp();
    await reader.close();
    const without = await opened(school.closed, folder);
    expect([without.of('ada'), without.client.eventRefusal()?.code]).toEqual([['popular', [POPULAR]], 'SFS_EVENTS_IN_CLEAR']);
    await expect.poll(() => without.client.status().trouble, soon).toBe('SFS_KEYS_MISSING');
    await without.close();
  });

  it('is shared by two processes, also when one of them begins it anew', { timeout: 30_000 }, async () => {
    const school = await keyedSchool();
    const folder = newFolder();
    const one = await opened(school.log, folder);
    await one.client.caughtUp();
    const two = await opened(school.log, folder, { rebuild: true });
    await two.client.caughtUp();
    await school.shelves.recommend('ada', { [COURSE]: { next: ['a-later-list'] } });
    await expect.poll(() => [one.of('ada'), two.of('ada')], soon).toEqual([['personal', ['a-later-list']], ['personal', ['a-later-list']]]); // prettier-ignore
    await one.close();
    await two.close();
  });
});
