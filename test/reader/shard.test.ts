/** Readers that share the learners of a region by partition. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { RecommendationClient, RecommendationHttpClient, createReader, shardOf, type ClientNotice, type Reader } from '../../reader/index.js';
import { topics } from '../../schemas/index.js';
import { COURSE } from './serving.js';
import { MADE_MS, REGION, Shelves } from './shelves.js';
import { newFolder } from '../fixtures/folders.js';

const LEARNERS = Array.from({ length: 60 }, (_, at) => `learner-${at}`);
const SHARDS = 3;

async function shelves(): Promise<Shelves> {
  const all = new Shelves();
  for (const learner of LEARNERS) await all.recommend(learner, { [COURSE]: { segment: 'a-level', next: [`${learner}-item`] } });
  await all.segment(COURSE, 'a-level', [['s1', 40]]);
  await all.segment(COURSE, 'all', [['p1', 90]]);
  return all;
}

const heldBy = (index: number): string[] => LEARNERS.filter((learner) => shardOf(learner, SHARDS) === index);
const openOn = (log: Shelves['log'], index: number, rest: object = {}): Promise<RecommendationClient> =>
  RecommendationClient.open({ log, region: REGION, now: () => MADE_MS, pollMs: 20, shard: { index, of: SHARDS }, ...rest });

describe('shards', () => {
  it('hold each learner once, and more or less as many', () => {
    const sizes = Array.from({ length: SHARDS }, (_, index) => heldBy(index).length);
    expect(sizes.reduce((sum, size) => sum + size)).toBe(LEARNERS.length);
    for (const size of sizes) expect(size).toBeGreaterThan(LEARNERS.length / SHARDS / 2);
  });

  it('are where other programs seek them, for ever: the hash of Kafka over the partitions of the catalogue', () => {
    expect(['ada', 'ben', 'learner-7', 'é'].map((learner) => shardOf(learner, 12))).toMatchInlineSnapshot(`
      [
        5,
        1,
        4,
        3,
      ]
    `);
  });

  it.each([
    { index: 3, of: 3 },
    { index: -1, of: 3 },
    { index: 0, of: 0 },
    { index: 0, of: 13 },
    { index: 0.5, of: 2 },
  ])('cannot be %o', async (shard) => {
    await expect(RecommendationClient.open({ log: new Shelves().log, region: REGION, shard })).rejects.toMatchObject({ code: 'SFS_SHARD_INVALID' });
  });
});

describe('a client of one shard', () => {
  it('has the lists of its learners alone, and of segments all', async () => {
    const { log } = await shelves();
    for (let index = 0; index < SHARDS; index++) {
      const client = await openOn(log, index);
      await client.caughtUp();
      expect([...client.all()].map(({ learner }) => learner).sort()).toEqual(heldBy(index).sort());
      expect(client.status()).toMatchObject({ ready: true, lag: 0, trouble: null });
      expect(client.getSegment(COURSE, 'a-level').items.map(({ item }) => item)).toEqual(['s1']);
      const elsewhere = heldBy((index + 1) % SHARDS)[0]!;
      expect(() => client.get(elsewhere)).toThrow(
        expect.objectContaining({ code: 'SFS_SHARD_OTHER', context: { shard: ((index + 1) % SHARDS) + 1, of: SHARDS } }),
      );
      await client.close();
    }
  });

  it('goes on where its view is, and builds the view of another shard anew', async () => {
    const { log } = await shelves();
    const notices: ClientNotice[] = [];
    const rest = { store: { folder: newFolder() }, onNotice: (notice: ClientNotice) => void notices.push(notice) };
    for (const index of [0, 0, 1]) {
      const client = await openOn(log, index, rest);
      await client.caughtUp();
      expect([...client.all()].map(({ learner }) => learner).sort()).toEqual(heldBy(index).sort());
      await client.close();
    }
    expect(notices).toEqual([{ kind: 'rebuild', reason: expect.objectContaining({ code: 'other-log' }) as object }]);
  });

  it('cannot share a topic that is cut in another way', async () => {
    const all = new Shelves();
    all.log.ensureTopic({ name: `${REGION}.recommendations`, partitions: 5, cleanup: 'compact', retentionMs: null });
    const client = await openOn(all.log, 0);
    await expect.poll(() => client.status().trouble).toBe('SFS_TOPIC_MISMATCH');
    await client.close();
  });
});

describe('readers of all shards', () => {
  const readers: Reader[] = [];
  let urls: string[];
  let all: Shelves;
  beforeAll(async () => {
    all = await shelves();
    for (let index = 0; index < SHARDS; index++) {
      readers.push(await createReader({ log: all.log, region: REGION, now: () => MADE_MS, pollMs: 20, shard: { index, of: SHARDS } }));
    }
    await Promise.all(readers.map(({ client }) => client.caughtUp()));
    urls = await Promise.all(readers.map((reader) => reader.listen({ port: 0 })));
  });
  afterAll(() => Promise.all(readers.map((reader) => reader.close())));

  const itemsOf = (answers: readonly { readonly items: readonly { readonly item: string }[] }[]): string[] =>
    answers.map(({ items }) => items[0]!.item);

  it('are asked by the client for whom they hold: one by one, in batches, and as changes come', async () => {
    const client = new RecommendationHttpClient({ url: urls });
    const some = LEARNERS.slice(0, 20);
    const wanted = some.map((learner) => `${learner}-item`);
    expect(itemsOf(await Promise.all(some.map((learner) => client.get(learner))))).toEqual(wanted);
    expect(itemsOf(await client.getBatch(some))).toEqual(wanted);
    expect(itemsOf([await client.getSegment(COURSE, 'a-level')])).toEqual(['s1']);
    const learner = heldBy(2)[0]!;
    const seen: string[] = [];
    const end = new AbortController();
    for await (const { answer } of client.changes(learner, {}, end.signal)) {
      seen.push(...itemsOf([answer]));
      if (seen.length === 1) await all.recommend(learner, { [COURSE]: { next: ['fresh'] } });
      else end.abort();
    }
    expect(seen).toEqual([`${learner}-item`, 'fresh']);
  });

  it('say who holds the lists of others, without a word of the learner', async () => {
    const learner = heldBy(1)[0]!;
    const asked = [
      fetch(`${urls[0]}/v1/learners/${learner}/recommendations`),
      fetch(`${urls[0]}/v1/learners/${learner}/recommendations?profiling=false`),
      fetch(`${urls[0]}/v1/learners/${learner}/recommendations/changes`),
      fetch(`${urls[0]}/v1/recommendations/batch`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ learners: [heldBy(0)[0], learner] }),
      }),
    ];
    for (const response of await Promise.all(asked)) {
      const text = await response.text();
      expect([response.status, JSON.parse(text)]).toEqual([421, expect.objectContaining({ code: 'SFS_SHARD_OTHER' })]);
      expect(text).toContain('in shard 2 of 3');
      expect(text).not.toContain(learner);
    }
  });
});

it('there are as many shards as partitions at most', () => {
  expect(new Set(LEARNERS.map((learner) => shardOf(learner, topics.recommendations.partitions))).size).toBe(topics.recommendations.partitions);
});
