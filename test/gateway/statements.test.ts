/** xAPI statements: what each verb becomes, what is refused, and what a Learning Record Store answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { VERBS } from '../../gateway/xapi/verbs.js';
import { readDocument } from '../docs/documents.js';
import { Door, NOW_MS, REGION, problem } from './gateways.js';

const ADL = 'http://adlnet.gov/expapi/verbs/';
const TIN_CAN = 'http://id.tincanapi.com/verb/';
const STREAMS = 'http://activitystrea.ms/schema/1.0/';
const CMI5 = 'https://w3id.org/xapi/adl/verbs/';
const BASE = 'https://lms.example/activities/';
const EXTENSION = 'https://skillforge.eu/xapi/';
const VERSION = { 'x-experience-api-version': '1.0.3' };
const COURSE = { objectType: 'Activity', id: `${BASE}AAA-2014J`, definition: { type: 'http://adlnet.gov/expapi/activities/course' } };

let door: Door;
let dropping: Door;
beforeAll(async () => {
  door = await Door.open({ activityBase: BASE, elsewhere: new Map([['https://lms.us.example/', 'us-east']]) });
  dropping = await Door.open({ activityBase: BASE, dropped: ['result.response', 'context.extensions', 'attachments'] });
});
afterAll(async () => {
  await door.close();
  await dropping.close();
});

let count = 0;
const uuid = (): string => `00000000-0000-4000-8000-${String(++count).padStart(12, '0')}`;

/** A statement as systems send it: with names and texts that are not needed here. */
const statement = (verb: string, more: object = {}): Record<string, unknown> => ({
  id: uuid(),
  actor: { objectType: 'Agent', name: 'Ada Lovelace', account: { homePage: 'https://lms.example/', name: '42' } },
  verb: { id: verb, display: { en: 'did' } },
  object: {
    objectType: 'Activity',
    id: `${BASE}quiz-1`,
    definition: { type: 'http://adlnet.gov/expapi/activities/assessment', name: { en: 'A quiz' } },
  },
  context: { platform: 'Moodle', contextActivities: { grouping: [{ id: 'https://lms.example' }, COURSE] } },
  timestamp: '2026-01-04T23:59:59.5+01:00',
  ...more,
});

const post = (body: unknown, headers: Record<string, string> = VERSION, at = door) => at.ask('POST', '/xapi/statements', body, headers);
const put = (id: string, body: unknown) => door.ask('PUT', `/xapi/statements?statementId=${id}`, body, VERSION);
const found = (topic: Parameters<Door['records']>[0], id: unknown, at = door) => at.records(topic).find(({ value }) => value.eventId === id)?.value;

describe('a statement', () => {
  it('is in the log when its id is answered, without the names that came with it', async () => {
    const sent = statement(`${ADL}completed`);
    const { status, json, headers } = await post(sent);
    expect([status, json, headers['x-experience-api-version']]).toEqual([200, [sent['id']], '1.0.3']);
    const { learner, ...rest } = found('clicks', sent['id'])!;
    expect(learner).toBe(door.identities.find('https://lms.example/ 42'));
    expect(rest).toEqual({
      eventId: sent['id'],
      course: 'AAA-2014J',
      cohort: 'AAA-2014J',
      region: REGION,
      occurredAtMs: Date.UTC(2026, 0, 4, 22, 59, 59, 500),
      personal: { action: 'COMPLETE', item: 'quiz-1', dwellMs: 0, clicks: 1 },
    });
  });

  const CLICKS: readonly [string, object, object][] = [
    [`${ADL}experienced`, {}, { action: 'VIEW', dwellMs: 0 }],
    [`${TIN_CAN}viewed`, {}, { action: 'VIEW' }],
    [`${ADL}initialized`, {}, { action: 'OPEN' }],
    [`${ADL}terminated`, { result: { duration: 'PT1H2M3.5S' } }, { action: 'DWELL', dwellMs: 3_723_500 }],
    [`${ADL}suspended`, { result: { duration: 'P1DT1S' } }, { action: 'DWELL', dwellMs: 86_401_000 }],
  ];
  it.each(CLICKS)('with the verb %s is a click', async (verb, more, expected) => {
    const sent = statement(verb, more);
    expect((await post(sent)).status).toBe(200);
    expect(found('clicks', sent['id'])?.['personal']).toMatchObject({ ...expected, item: 'quiz-1' });
  });

  const RESULTS: readonly [string, object, object][] = [
    ['passed', { score: { scaled: 0.4, raw: 4, max: 10 }, success: true }, { score: 0.4, correct: true, attempts: 1 }],
    ['failed', { success: false }, { score: 0, correct: false }],
    ['answered', { score: { scaled: 0.5 } }, { score: 0.5, correct: true }],
    ['scored', { score: { scaled: -0.3 } }, { score: 0, correct: false }],
  ];
  it.each(RESULTS)('with the verb %s and a result is a quiz result', async (verb, result, expected) => {
    const context = { contextActivities: { parent: COURSE }, extensions: { [`${EXTENSION}skills`]: ['algebra'], [`${EXTENSION}cohort`]: 'blue' } };
    const sent = statement(`${ADL}${verb}`, { result, context });
    expect((await post(sent)).status).toBe(200);
    const { cohort, personal } = found('quiz-results', sent['id']) as { cohort?: string; personal?: object };
    expect(cohort).toBe('blue');
    expect(personal).toMatchObject({ ...expected, item: 'quiz-1', skills: ['algebra'], banked: false });
  });

  it.each([
    [`${ADL}registered`, 'ENROLLED'],
    [`${CMI5}abandoned`, 'UNENROLLED'],
  ])('with the verb %s about a course is an event of the system', async (verb, kind) => {
    const sent = statement(verb, { object: COURSE, context: undefined, timestamp: undefined });
    expect((await post(sent)).status).toBe(200);
    expect(found('lms-events', sent['id'])).toMatchObject({ course: 'AAA-2014J', occurredAtMs: NOW_MS, personal: { kind, item: null } });
  });

  const IGNORED: readonly [string, Record<string, unknown>][] = [
    ['a verb that means nothing here', statement(`${CMI5}logged-in`)],
    ['an answer without a result', statement(`${ADL}answered`)],
    ['an end without a duration', statement(`${ADL}terminated`)],
    ['another statement as its object', statement(`${ADL}completed`, { object: { objectType: 'StatementRef', id: uuid() } })],
  ];
  it.each(IGNORED)('with %s is left aside: answered, counted, in no topic', async (_, sent) => {
    const ignored = async () => Number(/outcome="ignored"\} (\d+)/.exec((await door.ask('GET', '/metrics')).text)?.[1] ?? 0);
    const before = await ignored();
    expect((await post(sent)).json).toEqual([sent['id']]);
    expect(await ignored()).toBe(before + 1);
    for (const topic of ['clicks', 'quiz-results', 'lms-events'] as const) expect(found(topic, sent['id'])).toBeUndefined();
  });

  const REFUSED: readonly [string, object, unknown[]][] = [
    ['what a learner wrote', { result: { response: 'secret' } }, [400, 'SFS_FIELD_REFUSED', 'result.response']],
    ['an attachment', { attachments: [] }, [400, 'SFS_FIELD_REFUSED', 'attachments']],
    ['a property that xAPI does not have', { mood: 'secret' }, [400, 'SFS_FIELD_REFUSED', 'mood']],
    ['such a property of the actor', { actor: { mbox: 'mailto:a@b.c', birthday: 'secret' } }, [400, 'SFS_FIELD_REFUSED', 'actor.birthday']],
    [
      'an extension that is not read',
      { context: { extensions: { 'https://x.example/ip': 'secret' } } },
      [400, 'SFS_FIELD_REFUSED', 'context.extensions.https://x.example/ip'],
    ],
    ['a group', { actor: { objectType: 'Group', mbox: 'mailto:secret@b.c' } }, [400, 'SFS_FIELD_REFUSED', 'actor.objectType']],
    ['nobody', { actor: { name: 'secret' } }, [400, 'SFS_EVENT_INVALID', 'actor']],
    ['two identities', { actor: { mbox: 'mailto:secret@b.c', openid: 'https://s' } }, [400, 'SFS_EVENT_INVALID', 'actor']],
    ['an address that is none', { actor: { mbox: 'secret' } }, [400, 'SFS_EVENT_INVALID', 'actor.mbox']],
    ['an id that is none', { id: 'secret' }, [400, 'SFS_EVENT_INVALID', 'id']],
    ['a time that is none', { timestamp: 'secret' }, [400, 'SFS_EVENT_INVALID', 'timestamp']],
    ['no course', { context: { platform: 'secret' } }, [400, 'SFS_EVENT_INVALID', 'context.contextActivities']],
    ['a duration of years', { verb: { id: `${ADL}exited` }, result: { duration: 'P1Y' } }, [400, 'SFS_EVENT_INVALID', 'result.duration']],
    ['a score above 1', { verb: { id: `${ADL}scored` }, result: { score: { scaled: 7 } } }, [400, 'SFS_EVENT_INVALID', 'result.score.scaled']],
    [
      'a region that is another one',
      { context: { contextActivities: { parent: COURSE }, extensions: { [`${EXTENSION}region`]: 'us-east' } } },
      [421, 'SFS_REGION_OTHER', 'region'],
    ],
    [
      'an account of another region',
      { actor: { account: { homePage: 'https://lms.us.example/', name: 'secret' } } },
      [421, 'SFS_REGION_OTHER', 'region'],
    ],
  ];
  it.each(REFUSED)('with %s is refused: the property is named, its content never', async (_, change, expected) => {
    const answer = await post(statement(`${ADL}completed`, change));
    expect(problem(answer)).toEqual(expected);
    expect(answer.text).not.toContain('secret');
  });

  it('loses properties that are to be dropped, and no others', async () => {
    const context = { contextActivities: { parent: COURSE }, extensions: { 'https://x.example/ip': '::1', [`${EXTENSION}cohort`]: 'blue' } };
    const sent = statement(`${ADL}passed`, { result: { success: true, response: 'text' }, attachments: [], context });
    expect((await post(sent, VERSION, dropping)).status).toBe(200);
    expect(found('quiz-results', sent['id'], dropping)).toMatchObject({ cohort: 'blue', personal: { correct: true } });
    expect(problem(await post(statement(`${ADL}passed`, { mood: 'good' }), VERSION, dropping))).toEqual([400, 'SFS_FIELD_REFUSED', 'mood']);
  });

  it('of one person comes under one pseudonym, whatever the case of an address', async () => {
    const [first, second] = [statement(`${ADL}completed`), statement(`${ADL}completed`)];
    await post([
      { ...first, actor: { mbox: 'mailto:Ada@Example.org' } },
      { ...second, actor: { mbox: 'mailto:ada@example.org', objectType: 'Agent' } },
    ]);
    expect(found('clicks', first['id'])!.learner).toBe(found('clicks', second['id'])!.learner);
    expect(found('clicks', first['id'])!.learner).toBe(door.identities.find('mailto:ada@example.org'));
  });
});

/** Every verb by what it becomes, with the words of the how-to for it; the IRIs as the vocabularies have them. */
const MEANINGS: readonly { readonly shown: string; readonly topic: 'clicks' | 'quiz-results' | 'lms-events'; readonly verbs: readonly string[] }[] = [
  { shown: 'a click `VIEW`', topic: 'clicks', verbs: [`${ADL}experienced`, `${ADL}interacted`, `${TIN_CAN}viewed`] },
  {
    shown: 'a click `OPEN`',
    topic: 'clicks',
    verbs: [`${ADL}initialized`, `${ADL}launched`, `${ADL}attempted`, `${STREAMS}open`, `${STREAMS}start`],
  },
  { shown: 'a click `COMPLETE`', topic: 'clicks', verbs: [`${ADL}completed`, `${STREAMS}complete`] },
  { shown: 'a click `DWELL`', topic: 'clicks', verbs: [`${ADL}terminated`, `${ADL}suspended`, `${ADL}exited`] },
  { shown: 'a quiz result', topic: 'quiz-results', verbs: [`${ADL}answered`, `${ADL}passed`, `${ADL}failed`, `${ADL}scored`] },
  { shown: '`ENROLLED`', topic: 'lms-events', verbs: [`${ADL}registered`, `${STREAMS}join`] },
  { shown: '`UNENROLLED`', topic: 'lms-events', verbs: [`${CMI5}abandoned`, `${STREAMS}leave`] },
];

/** What a record of this kind says of a statement with {@link FULL_RESULT} about the quiz. */
const SAID: Readonly<Record<string, object>> = {
  'a click `VIEW`': { action: 'VIEW', item: 'quiz-1', dwellMs: 0 },
  'a click `OPEN`': { action: 'OPEN', item: 'quiz-1', dwellMs: 0 },
  'a click `COMPLETE`': { action: 'COMPLETE', item: 'quiz-1', dwellMs: 0 },
  'a click `DWELL`': { action: 'DWELL', item: 'quiz-1', dwellMs: 61_000 },
  'a quiz result': { item: 'quiz-1', score: 0.7, correct: true, attempts: 1 },
  '`ENROLLED`': { kind: 'ENROLLED' },
  '`UNENROLLED`': { kind: 'UNENROLLED' },
};
const FULL_RESULT = { duration: 'PT1M1S', success: true, score: { scaled: 0.7 } };

describe('every verb', () => {
  const all = MEANINGS.flatMap(({ shown, topic, verbs }) => verbs.map((verb) => [verb, shown, topic] as const));

  it.each(all)('%s becomes %s', async (verb, shown, topic) => {
    // All of them with the same result: the verb alone makes the difference.
    const sent = statement(verb, { result: FULL_RESULT });
    expect((await post(sent)).json).toEqual([sent['id']]);
    expect(found(topic, sent['id'])?.['personal']).toMatchObject(SAID[shown]!);
    const others = (['clicks', 'quiz-results', 'lms-events'] as const).filter((one) => one !== topic);
    for (const other of others) expect(found(other, sent['id'])).toBeUndefined();
  });

  it('is one of these, and stands in the how-to with what it becomes', () => {
    expect(all.map(([verb]) => verb).sort()).toEqual([...VERBS.keys()].sort());
    const rows = [...readDocument('docs/how-to/send-events.md').matchAll(/^\| (`[a-z]+`.*?) \| (.*) \|$/gm)];
    const shown = rows.map(([, verbs, becomes]) => [becomes, [...verbs!.matchAll(/`([a-z]+)`/g)].map(([, verb]) => verb)]);
    const names = MEANINGS.map(({ shown: becomes, verbs }) => [becomes, verbs.map((verb) => verb.slice(verb.lastIndexOf('/') + 1))]);
    expect(shown.filter(([becomes]) => names.some(([name]) => name === becomes))).toEqual(names);
  });
});

describe('the resource of statements', () => {
  it('takes lists whole or not at all, and gives ids to those without', async () => {
    const bad = [statement(`${ADL}completed`), statement(`${ADL}completed`, { mood: 1 })];
    expect(problem(await post(bad))).toEqual([400, 'SFS_FIELD_REFUSED', 'mood', 1]);
    expect(found('clicks', bad[0]!['id'])).toBeUndefined();
    const [first, second] = (await post([statement(`${ADL}completed`), statement(`${ADL}completed`, { id: undefined })])).json as string[];
    expect(first).toMatch(/^00000000/);
    expect(found('clicks', second)).toBeDefined();
    const twice = statement(`${ADL}completed`);
    expect(problem(await post([twice, twice]))).toEqual([400, 'SFS_EVENT_INVALID', 'id', 1]);
  });

  it('takes the same statement once, and no other under its id', async () => {
    const sent = statement(`${ADL}completed`);
    expect((await post(sent)).status).toBe(200);
    expect((await put(sent['id'] as string, sent)).status).toBe(204);
    expect(problem(await post({ ...sent, timestamp: '2026-01-01T00:00:00Z' }))).toEqual([409, 'SFS_EVENT_CONFLICT']);
    expect(door.records('clicks').filter(({ value }) => value.eventId === sent['id'])).toHaveLength(1);
  });

  it('takes PUT with an id, which the statement must not contradict', async () => {
    const id = uuid();
    expect((await put(id, statement(`${ADL}completed`, { id: undefined }))).status).toBe(204);
    expect(found('clicks', id)).toBeDefined();
    expect(problem(await put(id, statement(`${ADL}completed`)))).toEqual([400, 'SFS_EVENT_INVALID', 'id']);
    expect(problem(await put('none', statement(`${ADL}completed`)))).toEqual([400, 'SFS_EVENT_INVALID', 'statementId']);
  });

  it('asks for a version of xAPI that it knows, and names its own in every answer', async () => {
    const sent = statement(`${ADL}completed`);
    const answers = [await post(sent, {}), await post(sent, { 'x-experience-api-version': '2.0.0' })];
    for (const answer of answers)
      expect([...problem(answer), answer.headers['x-experience-api-version']]).toEqual([400, 'SFS_REQUEST_INVALID', '1.0.3']);
    expect((await post(sent, { 'x-experience-api-version': '1.0' })).status).toBe(200);
    expect((await door.ask('GET', '/xapi/about')).json).toEqual({ version: ['1.0.3'] });
  });

  it('is no store: it gives nothing back', async () => {
    expect(problem(await door.ask('GET', '/xapi/statements', undefined, VERSION))).toEqual([405, 'SFS_METHOD_REFUSED']);
    expect(problem(await door.ask('POST', '/xapi/statements?method=GET', {}, VERSION))).toEqual([400, 'SFS_FIELD_REFUSED', 'method']);
  });
});
