/** The fallbacks, and what is never served. */
import { afterEach, describe, expect, it } from 'vitest';
import { RecommendationClient, type Answer, type ClientOptions } from '../../reader/index.js';
import { topics } from '../../schemas/index.js';
import { DAY_MS, MADE_MS, REGION, Shelves } from './shelves.js';

const COURSE = 'AAA-2014J';
const OTHER = 'BBB-2013B';
const open: RecommendationClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

async function clientOf(shelves: Shelves, options: Partial<ClientOptions> = {}): Promise<RecommendationClient> {
  const client = await RecommendationClient.openStill({ log: shelves.log, region: REGION, now: () => MADE_MS, ...options });
  open.push(client);
  await client.catchUp();
  return client;
}

const itemsOf = (answer: Answer): string[] => answer.items.map(({ item }) => item);
const short = (answer: Answer): [string, string[]] => [answer.served, itemsOf(answer)];

/** One learner of one course with a segment; a list of the segment, one of the course, one of another course. */
async function school(): Promise<Shelves> {
  const shelves = new Shelves();
  await shelves.recommend('ada', { [COURSE]: { segment: 'a-level', next: ['n1', 'n2', 'n3'], new: ['w1', 'w2'] } });
  await shelves.segment(COURSE, 'a-level', [
    ['s1', 40],
    ['s2', 30],
  ]);
  await shelves.segment(COURSE, 'all', [
    ['p1', 90],
    ['p2', 80],
  ]);
  await shelves.segment(OTHER, 'all', [
    ['q1', 85],
    ['q2', 10],
  ]);
  return shelves;
}

describe('a learner who has a record', () => {
  it('gets the own list, with what the record says of it', async () => {
    const client = await clientOf(await school());
    expect(client.get('ada', { limit: 2, explain: true })).toEqual({
      served: 'personal',
      madeAtMs: MADE_MS,
      validUntilMs: MADE_MS + 8 * DAY_MS,
      model: 'formula-1',
      topologyVersion: 1,
      variant: '',
      items: [1, 0.75].map((score, at) => ({
        item: `n${at + 1}`,
        course: COURSE,
        score,
        source: 'TRENDING',
        reasons: [{ code: 'TRENDING_IN_COHORT', text: expect.stringMatching(/\w+ \w+/) as string }],
      })),
    });
  });

  it('gets the list of new items when that is asked for', async () => {
    expect(short((await clientOf(await school())).get('ada', { list: 'new' }))).toEqual(['personal', ['w1', 'w2']]);
  });

  it('gets the same list past its time, marked stale, from the very instant on', async () => {
    const shelves = await school();
    let now = MADE_MS + 8 * DAY_MS - 1;
    const client = await clientOf(shelves, { now: () => now });
    expect(client.get('ada').served).toBe('personal');
    now++;
    expect(short(client.get('ada'))).toEqual(['stale', ['n1', 'n2', 'n3']]);
  });

  it('gets ten items unless told otherwise, and never more than twenty', async () => {
    const shelves = new Shelves();
    const many = Array.from({ length: 20 }, (_, at) => `n${at}`);
    await shelves.recommend('ada', { [COURSE]: { next: many }, [OTHER]: { next: many.map((item) => `o${item}`) } });
    const client = await clientOf(shelves);
    expect(client.get('ada').items).toHaveLength(10);
    expect(client.get('ada', { limit: 99 }).items).toHaveLength(20);
  });

  it('gets the best of each course in turn, an item only once, or one course alone', async () => {
    const shelves = new Shelves();
    await shelves.recommend('ada', { [COURSE]: { next: ['a1', 'both', 'a3'] }, [OTHER]: { next: ['b1', 'both'] } });
    const client = await clientOf(shelves);
    expect(client.get('ada').items.map(({ item, course }) => [item, course])).toEqual([
      ['a1', COURSE],
      ['b1', OTHER],
      ['both', COURSE],
      ['a3', COURSE],
    ]);
    expect(short(client.get('ada', { course: OTHER }))).toEqual(['personal', ['b1', 'both']]);
  });

  it('gets no item that was excluded or withdrawn; the next ones move up', async () => {
    const shelves = await school();
    await shelves.item('n1', { withdrawn: true });
    await shelves.item('n3', { title: 'Third', kind: 'quiz' });
    const client = await clientOf(shelves);
    expect(client.get('ada', { exclude: ['n2'] }).items).toEqual([
      { item: 'n3', course: COURSE, score: 0.5, source: 'TRENDING', title: 'Third', kind: 'quiz' },
    ]);
    await shelves.item('n1');
    await client.catchUp();
    expect(itemsOf(client.get('ada'))).toEqual(['n1', 'n2', 'n3']);
  });

  it('gets the list of the own segment when nothing of the own list is left, whatever segment is asked for', async () => {
    const client = await clientOf(await school());
    const answer = client.get('ada', { exclude: ['n1', 'n2', 'n3'], segment: 'all' });
    expect(short(answer)).toEqual(['segment', ['s1', 's2']]);
    expect(answer).toMatchObject({ model: 'counts-1', topologyVersion: 3, madeAtMs: MADE_MS, validUntilMs: MADE_MS + DAY_MS });
    expect(answer.items[0]).toEqual({ item: 's1', course: COURSE, score: 4, source: 'SEGMENT' });
  });

  it('gets an empty list of new items when none is left: the other lists hold opened ones', async () => {
    const client = await clientOf(await school());
    expect(short(client.get('ada', { list: 'new', exclude: ['w1', 'w2'] }))).toEqual(['personal', []]);
  });

  it('gets what is popular in a course that the record does not have', async () => {
    expect(short((await clientOf(await school())).get('ada', { course: OTHER }))).toEqual(['popular', ['q1', 'q2']]);
  });

  it('gets what is popular in the own courses where the segment has no list', async () => {
    const shelves = await school();
    await shelves.recommend('eve', { [OTHER]: { segment: 'unknown' } });
    expect(short((await clientOf(shelves)).get('eve'))).toEqual(['popular', ['q1', 'q2']]);
  });
});

describe('a learner who has none', () => {
  it('gets the list of the segment that is asked for', async () => {
    const client = await clientOf(await school());
    expect(short(client.get('eve', { course: COURSE, segment: 'a-level' }))).toEqual(['segment', ['s1', 's2']]);
    expect(short(client.get('eve', { segment: 'a-level' }))).toEqual(['segment', ['s1', 's2']]);
  });

  it('gets what is popular in the course that is asked for', async () => {
    const client = await clientOf(await school());
    const answer = client.get('eve', { course: COURSE, segment: 'nobody' });
    expect(short(answer)).toEqual(['popular', ['p1', 'p2']]);
    expect(answer.items[0]).toMatchObject({ source: 'POPULAR', course: COURSE, score: 9 });
  });

  it('gets what is popular in all courses, by learner-days, when no course is known', async () => {
    const shelves = await school();
    const client = await clientOf(shelves);
    expect(short(client.get('eve'))).toEqual(['popular', ['p1', 'q1', 'p2', 'q2']]);
    await shelves.segment(OTHER, 'all', [['q3', 99]], { madeAtMs: MADE_MS - 5, validUntilMs: MADE_MS - 4 });
    await client.catchUp();
    expect(client.get('eve')).toMatchObject({ madeAtMs: MADE_MS - 5, validUntilMs: MADE_MS - 4 });
    expect(itemsOf(client.get('eve'))).toEqual(['q3', 'p1', 'p2']);
  });

  it('gets an empty popular list where nothing is known, and no items of other courses in its place', async () => {
    const nothing = { served: 'popular', madeAtMs: null, validUntilMs: null, model: null, topologyVersion: null, variant: '', items: [] };
    expect((await clientOf(new Shelves())).get('eve')).toEqual(nothing);
    expect((await clientOf(await school())).get('eve', { course: 'CCC-2014J' })).toEqual(nothing);
  });

  it('gets no withdrawn item of a shared list either', async () => {
    const shelves = await school();
    await shelves.item('p1', { withdrawn: true });
    expect(itemsOf((await clientOf(shelves)).get('eve', { course: COURSE }))).toEqual(['p2']);
  });
});

describe('a segment', () => {
  it('has its list, else what is popular in the course', async () => {
    const client = await clientOf(await school());
    expect(short(client.getSegment(COURSE, 'a-level'))).toEqual(['segment', ['s1', 's2']]);
    expect(short(client.getSegment(COURSE, 'all'))).toEqual(['popular', ['p1', 'p2']]);
    expect(short(client.getSegment(COURSE, 'nobody', { limit: 1 }))).toEqual(['popular', ['p1']]);
  });

  it('is told from one whose name ends in the same words', async () => {
    const shelves = new Shelves();
    await shelves.segment(COURSE, 'not|all', [['s1', 1]]);
    expect(short((await clientOf(shelves)).get('eve'))).toEqual(['popular', []]);
  });
});

describe('a learner on the deny list', () => {
  it('is served as an unknown one at once, listed nowhere, and as before when taken off', async () => {
    const client = await clientOf(await school());
    await client.denied.add('ada', 7);
    await client.denied.add('ada', 8);
    expect(client.denied.list()).toEqual([{ learner: 'ada', addedAtMs: 7 }]);
    expect(short(client.get('ada'))).toEqual(['popular', ['p1', 'q1', 'p2', 'q2']]);
    expect(short(client.get('ada', { course: COURSE, segment: 'a-level' }))).toEqual(['segment', ['s1', 's2']]);
    expect([...client.all()]).toEqual([]);
    expect(client.learners('', 10)).toEqual([]);
    expect(await client.denied.remove('ada')).toBe(true);
    expect(await client.denied.remove('ada')).toBe(false);
    expect(client.get('ada').served).toBe('personal');
    expect(client.learners('a', 10)).toEqual(['ada']);
  });
});

describe('every learner', () => {
  it('comes in the order of ids, with items only', async () => {
    const shelves = await school();
    await shelves.recommend('bob', { [COURSE]: { new: ['w1'] } });
    await shelves.recommend('abe', { [OTHER]: { next: ['b1'] } });
    const client = await clientOf(shelves);
    const all = (question: object): unknown => [...client.all(question)].map(({ learner, items }) => [learner, items.map(({ item }) => item)]);
    expect(all({})).toEqual([
      ['abe', ['b1']],
      ['ada', ['n1', 'n2', 'n3']],
    ]);
    expect(all({ course: COURSE, list: 'new' })).toEqual([
      ['ada', ['w1', 'w2']],
      ['bob', ['w1']],
    ]);
  });
});

describe('a record that cannot be opened', () => {
  it('is erased: nothing is known of the learner', async () => {
    const shelves = await school();
    const sealed = { keyId: 'gone', algorithm: 'AES-256-GCM', nonce: Buffer.alloc(12), ciphertext: Buffer.alloc(40) };
    await shelves.put(topics.recommendations, { ...sealedRecord(), personal: sealed });
    expect((await clientOf(shelves)).get('ada').served).toBe('popular');
  });
});

const sealedRecord = (): object => ({
  learner: 'ada',
  region: REGION,
  madeAtMs: MADE_MS,
  validUntilMs: MADE_MS + DAY_MS,
  modelVersion: 'm',
  topologyVersion: 1,
  variant: '',
});
