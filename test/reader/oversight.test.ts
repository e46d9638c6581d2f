/** What people decide, in the answers of a reader: at once, everywhere, and for as long as it holds. */
import { describe, expect, it } from 'vitest';
import { RecommendationClient, type RecommendationLog } from '../../reader/index.js';
import { controlOfMeasure, courseId, learnerId, topics, type MeasureTarget } from '../../schemas/index.js';
import { appendOrder } from '../../scripts/oversight/orderBox.js';
import { CLEARED, measureOrder, overrideOrder, type Actor, type OverrideTerms } from '../../scripts/oversight/orders.js';
import { COURSE, OTHER, school, serving, shortOf, type Serving } from './serving.js';
import { MADE_MS, REGION, pointer, type Shelves } from './shelves.js';
import { newFolder } from '../fixtures/folders.js';

const ACTOR: Actor = { region: REGION, by: 'ada', reason: 'a test', nowMs: MADE_MS };
const PAUSED = { served: 'paused', items: [{ item: 'p1', source: 'POPULAR' }] };
const soon = { timeout: 5_000, interval: 10 };

const decided = (shelves: Shelves, target: MeasureTarget, actor = ACTOR): Promise<void> => appendOrder(shelves, measureOrder(actor, target));
const overridden = (shelves: Shelves, learner: string, terms: Partial<OverrideTerms>): Promise<void> =>
  appendOrder(shelves, overrideOrder(ACTOR, learnerId(learner), { ...CLEARED, ...terms }));

const asked = async (reader: Serving, query = '', learner = 'ada'): Promise<unknown> =>
  (await reader.get(`/v1/learners/${learner}/recommendations${query}`)).json();
const short = async (reader: Serving, query = '', learner = 'ada'): Promise<unknown> => shortOf(await asked(reader, query, learner));
const PERSONAL = ['personal', ['n1', 'n2']];

describe('a pause', () => {
  it('of the region answers everybody with what is popular, without a look at a segment, until it ends', async () => {
    const reader = await serving();
    expect(await short(reader)).toEqual(PERSONAL);
    await decided(reader.shelves, { action: 'pause', course: null });
    await expect.poll(() => asked(reader), soon).toMatchObject(PAUSED);
    expect(await short(reader, '?segment=a-level', 'eve')).toEqual(['paused', ['p1', 'q1']]);
    expect(await short(reader, '?profiling=false')).toEqual(['paused', ['p1', 'q1']]);
    const segment = await (await reader.get(`/v1/segments/${encodeURIComponent(`${COURSE}|a-level`)}/recommendations`)).json();
    expect(segment).toMatchObject(PAUSED);
    const batch = await (await reader.post('/v1/recommendations/batch', { learners: ['ada', 'ben'] })).json();
    expect((batch as { answers: unknown[] }).answers.map(shortOf)).toEqual([
      ['paused', ['p1']],
      ['paused', ['p1']],
    ]);
    expect([...reader.reader.client.all()]).toEqual([]);
    await decided(reader.shelves, { action: 'resume', course: null });
    await expect.poll(() => short(reader), soon).toEqual(PERSONAL);
  });

  it('of a course leaves the others as they are, and says so', async () => {
    const reader = await serving();
    await reader.shelves.recommend('ada', { [COURSE]: { segment: 'a-level', next: ['n1', 'n2'] }, [OTHER]: { next: ['m1', 'm2'] } });
    await decided(reader.shelves, { action: 'pause', course: COURSE });
    await expect.poll(() => asked(reader), soon).toMatchObject({ served: 'personal', pausedCourses: [COURSE] });
    expect(await short(reader)).toEqual(['personal', ['m1', 'p1', 'm2']]);
    expect(await short(reader, `?course=${COURSE}`)).toEqual(['paused', ['p1']]);
    expect(await asked(reader, `?course=${OTHER}`)).not.toHaveProperty('pausedCourses');
    expect([...reader.reader.client.all()].map(({ learner, items }) => [learner, items.map(({ item }) => item)])).toEqual([['ada', ['m1', 'm2']]]);
    // Of ben every course is paused.
    expect(await short(reader, '', 'ben')).toEqual(['paused', ['p1']]);
  });

  it('is told to clients that follow a learner', async () => {
    const reader = await serving({ beatMs: 3_600_000 });
    const changes: unknown[] = [];
    reader.reader.client.onChange((change) => changes.push(change));
    const stream = await reader.get('/v1/learners/ada/recommendations/changes');
    const body = stream.body!.getReader();
    let text = '';
    const readOn = async (): Promise<string> => (text += Buffer.from((await body.read()).value as Uint8Array).toString());
    while (!text.includes('"served":"personal"')) await readOn();
    await decided(reader.shelves, { action: 'pause', course: null });
    while (!text.includes('"served":"paused"')) await readOn();
    expect(changes).toEqual([{ kind: 'oversight' }]);
    await body.cancel();
  });

  it('of another region, and a record that is no measure, change nothing', async () => {
    const reader = await serving();
    const foreign = measureOrder({ ...ACTOR, region: 'eu-north' }, { action: 'pause', course: null });
    if (foreign.kind !== 'measure') throw new Error('no measure');
    await reader.shelves.put(topics.measures, controlOfMeasure(foreign.measure));
    for (const payload of [null, 'x', '7', '{"action":"pause"}', '{"action":"stop","course":null}', '{"action":"block","item":null}']) {
      await reader.shelves.put(topics.measures, pointer('', { kind: 'PAUSE', payload }));
    }
    await decided(reader.shelves, { action: 'block', item: 'n1' });
    await expect.poll(() => short(reader), soon).toEqual(['personal', ['n2']]);
  });
});

describe('a pause of a reader that is behind', () => {
  const isList = (topic: string): boolean => topic.endsWith('.recommendations');

  /** A log of which some reads wait until they are let go: a reader that is far behind is busy with the rest. */
  const held = (log: RecommendationLog, isHeld: (topic: string, most: number) => boolean = isList) => {
    let letGo = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (letGo = resolve));
    const asked: string[] = [];
    const read: RecommendationLog['read'] = async (topic, partition, from, most) => {
      if (isHeld(topic, most)) {
        asked.push(topic);
        await waiting;
      }
      return log.read(topic, partition, from, most);
    };
    return { log: { topics: () => log.topics(), range: (topic: string, partition: number) => log.range(topic, partition), read }, asked, letGo };
  };

  it('holds before the rest of the log is read', async () => {
    const shelves = await school();
    const folder = newFolder();
    const before = await RecommendationClient.openStill({ log: shelves.log, region: REGION, store: { folder }, now: () => MADE_MS });
    await before.catchUp();
    await before.close();
    await decided(shelves, { action: 'pause', course: null });
    await overridden(shelves, 'ben', { excluded: ['p1'] });
    await shelves.recommend('ada', { [COURSE]: { next: ['n9'] } });
    const { log, letGo } = held(shelves.log);
    const client = await RecommendationClient.open({ log, region: REGION, store: { folder }, now: () => MADE_MS });
    try {
      await expect.poll(() => client.get('ada').served, soon).toBe('paused');
      await expect.poll(() => client.get('ben').items.map(({ item }) => item), soon).toEqual(['q1']);
      expect(client.status().ready).toBe(false);
    } finally {
      letGo();
      await client.close();
    }
  });

  it.each([
    ['of the last record that the view knows', (topic: string, most: number) => isList(topic) && most === 1],
    ['of new lists', (topic: string, most: number) => isList(topic) && most > 1],
    ['of what was decided about a learner', (topic: string) => topic.endsWith('.overrides')],
  ])('holds when it comes while a read waits that is never answered: %s', async (_, isHeld) => {
    const shelves = await school();
    const folder = newFolder();
    const options = { region: REGION, store: { folder }, now: () => MADE_MS, pollMs: 20 };
    const before = await RecommendationClient.openStill({ ...options, log: shelves.log });
    await before.catchUp();
    await before.close();
    await shelves.recommend('ada', { [COURSE]: { next: ['n9'] } });
    if (isHeld('eu-west.overrides', 1)) await overridden(shelves, 'ada', { pinned: ['x1'] });
    const { log, asked } = held(shelves.log, isHeld);
    const client = await RecommendationClient.open({ ...options, log });
    await expect.poll(() => asked.length, soon).toBe(1);
    expect(client.get('ada').served).toBe('personal');
    await decided(shelves, { action: 'pause', course: null });
    await expect.poll(() => client.get('ada').served, soon).toBe('paused');
    await decided(shelves, { action: 'resume', course: null });
    await expect.poll(() => client.get('ada').served, soon).toBe('personal');
    if (!isHeld('eu-west.overrides', 1)) {
      await overridden(shelves, 'ben', { excluded: ['n3'], pinned: ['x1'] });
      await expect.poll(() => client.get('ben').items.map(({ item }) => item), soon).toEqual(['x1', 'p1']);
    }
    expect([asked.length, client.status().ready]).toEqual([1, false]);
    await client.close();
  });

  it('goes on with the lists once they are answered', async () => {
    const shelves = await school();
    const { log, asked, letGo } = held(shelves.log);
    const client = await RecommendationClient.open({ log, region: REGION, now: () => MADE_MS, pollMs: 20 });
    await expect.poll(() => asked.length, soon).toBe(1);
    const changes: unknown[] = [];
    client.onChange((change) => changes.push(change));
    await decided(shelves, { action: 'block', item: 'n1' });
    await expect.poll(() => changes, soon).toEqual([{ kind: 'oversight' }]);
    letGo();
    await client.caughtUp();
    expect(shortOf(client.get('ada'))).toEqual(['personal', ['n2']]);
    await client.close();
  });

  it('holds when it starts again and cannot read the log at all', async () => {
    const shelves = await school();
    const folder = newFolder();
    const options = { region: REGION, store: { folder }, now: () => MADE_MS };
    const before = await RecommendationClient.openStill({ ...options, log: shelves.log });
    await decided(shelves, { action: 'pause', course: null });
    await overridden(shelves, 'ben', { pinned: ['x1'] });
    await before.catchUp();
    await before.close();
    const away = (): never => {
      throw new Error('away');
    };
    const client = await RecommendationClient.open({ ...options, log: { topics: away, range: away, read: away }, onNotice: () => undefined });
    expect(shortOf(client.get('ada'))).toEqual(['paused', ['p1']]);
    expect(shortOf(client.get('ben'))).toEqual(['paused', ['x1', 'p1']]);
    await client.close();
  });

  it('is found again when the view is built anew', async () => {
    const shelves = await school();
    await decided(shelves, { action: 'pause', course: null });
    const folder = newFolder();
    for (const rebuild of [false, true]) {
      const client = await RecommendationClient.openStill({ log: shelves.log, region: REGION, store: { folder }, rebuild });
      await client.catchUp();
      expect(client.get('ada').served, String(rebuild)).toBe('paused');
      await client.close();
    }
  });
});

describe('an item that is blocked', () => {
  it('is in no answer: not the own list, the segment, what is popular, or what was pinned', async () => {
    const reader = await serving();
    await overridden(reader.shelves, 'ben', { pinned: ['p1', 'n3', 'x1'] });
    for (const item of ['n1', 's1', 'p1']) await decided(reader.shelves, { action: 'block', item });
    await expect.poll(() => short(reader), soon).toEqual(['personal', ['n2']]);
    expect(await short(reader, '?profiling=false')).toEqual(['popular', ['q1']]);
    expect(await short(reader, '?segment=a-level', 'eve')).toEqual(['popular', ['q1']]);
    await expect.poll(() => short(reader, '', 'ben'), soon).toEqual(['personal', ['n3', 'x1']]);
    expect([...reader.reader.client.all()].map(({ items }) => items.map(({ item }) => item))).toEqual([['n2'], ['n3']]);
    await decided(reader.shelves, { action: 'unblock', item: 'n1' });
    await expect.poll(() => short(reader), soon).toEqual(PERSONAL);
  });
});

describe('a model that is killed', () => {
  it('has its lists answered by the segment, else by what is popular, and by themselves once it is revived', async () => {
    const reader = await serving();
    await reader.shelves.recommend('cat', { [COURSE]: { next: ['c1'] } }, { modelVersion: 'formula-2+ranker@0123' });
    await decided(reader.shelves, { action: 'kill', model: 'formula-1' });
    await expect.poll(() => short(reader), soon).toEqual(['segment', ['s1']]);
    expect(await short(reader, '', 'ben')).toEqual(['popular', ['p1']]);
    await expect.poll(() => short(reader, '', 'cat'), soon).toEqual(['personal', ['c1']]);
    await decided(reader.shelves, { action: 'kill', model: 'ranker@0123' });
    await expect.poll(() => short(reader, '', 'cat'), soon).toEqual(['popular', ['p1']]);
    expect([...reader.reader.client.all()]).toEqual([]);
    await decided(reader.shelves, { action: 'revive', model: 'formula-1' });
    await expect.poll(() => short(reader), soon).toEqual(PERSONAL);
  });

  it('made the list of a segment, too: what is popular takes its place, whatever made that', async () => {
    const reader = await serving();
    const segments = { modelVersion: 'segment-popularity-1' };
    await reader.shelves.segment(COURSE, 'a-level', [['s1', 40]], segments);
    await reader.shelves.segment(COURSE, 'all', [['p1', 90]], segments);
    await reader.shelves.segment(OTHER, 'a-level', [['t1', 30]], { modelVersion: 'segment-popularity-2' });
    await reader.shelves.recommend('eve', { [COURSE]: { segment: 'a-level' } });
    const ofSegment = async (course: string): Promise<unknown> =>
      shortOf(await (await reader.get(`/v1/segments/${encodeURIComponent(`${course}|a-level`)}/recommendations`)).json());
    await expect.poll(() => short(reader, '', 'eve'), soon).toEqual(['segment', ['s1']]);
    await expect.poll(() => short(reader, '?segment=a-level', 'fay'), soon).toEqual(['segment', ['s1', 't1']]);
    await decided(reader.shelves, { action: 'kill', model: 'segment-popularity-1' });
    await expect.poll(() => short(reader, '', 'eve'), soon).toEqual(['popular', ['p1']]);
    expect(await short(reader, '?segment=a-level', 'fay')).toEqual(['segment', ['t1']]);
    expect([await ofSegment(COURSE), await ofSegment(OTHER)]).toEqual([
      ['popular', ['p1']],
      ['segment', ['t1']],
    ]);
    expect(await short(reader)).toEqual(PERSONAL);
    await decided(reader.shelves, { action: 'revive', model: 'segment-popularity-1' });
    await expect.poll(() => ofSegment(COURSE), soon).toEqual(['segment', ['s1']]);
  });
});

describe('an override', () => {
  it('of a learner pins, excludes and takes off lists of their own; nobody else is concerned, and the last one holds', async () => {
    const reader = await serving();
    await reader.shelves.item('u1', { course: courseId(OTHER), title: 'Unit 1' });
    await overridden(reader.shelves, 'ada', { pinned: ['u1', 'n2'], excluded: ['n1'] });
    await expect.poll(() => short(reader), soon).toEqual(['personal', ['u1', 'n2']]);
    const { items } = (await asked(reader, '?explain=true')) as { items: unknown[] };
    expect(items[0]).toMatchObject({ source: 'PINNED', title: 'Unit 1', course: OTHER, reasons: [{ code: 'CHOSEN_BY_PERSON' }] });
    expect(await short(reader, `?course=${COURSE}`)).toEqual(['personal', ['n2']]);
    expect(await short(reader, '?exclude=u1&limit=1')).toEqual(['personal', ['n2']]);
    expect(await short(reader, '', 'ben')).toEqual(['personal', ['n3']]);
    await overridden(reader.shelves, 'ada', { baseline: true });
    await expect.poll(() => short(reader), soon).toEqual(['override', ['p1']]);
    expect([...reader.reader.client.all()].map(({ learner }) => learner)).toEqual(['ben']);
    await overridden(reader.shelves, 'ada', {});
    await expect.poll(() => short(reader), soon).toEqual(PERSONAL);
  });

  it('of a learner who is denied is not looked at', async () => {
    const reader = await serving();
    await overridden(reader.shelves, 'ada', { pinned: ['x1'] });
    await expect.poll(() => short(reader), soon).toEqual(['personal', ['x1', 'n1', 'n2']]);
    await reader.reader.client.denied.add('ada');
    expect(await short(reader)).toEqual(['popular', ['p1', 'q1']]);
  });
});

describe('the notice of an answer', () => {
  it('says whether an AI system ranked, by what, and how to have a list without profiling', async () => {
    const reader = await serving();
    const noticeIn = async (query: string, learner = 'ada') => ((await asked(reader, query, learner)) as { notice: Record<string, unknown> }).notice;
    const own = await noticeIn('');
    expect(own).toMatchObject({ aiAssisted: true, withoutProfiling: expect.stringContaining('profiling=false') as string });
    expect(own['mainParameters']).toContain('what your answers to quizzes say of your skills');
    expect(await noticeIn('?segment=a-level', 'eve')).toMatchObject({ aiAssisted: true });
    const counted = { aiAssisted: false, mainParameters: ['what learners of the course use most'] };
    expect(await noticeIn('?profiling=false')).toMatchObject(counted);
    await decided(reader.shelves, { action: 'pause', course: null });
    await expect.poll(() => noticeIn(''), soon).toMatchObject(counted);
  });
});
