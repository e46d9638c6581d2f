/** Plain JSON events: what is taken, what is refused, and what is told of it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Door, NOW_MS, REGION, click, problem } from './gateways.js';

let door: Door;
beforeAll(async () => {
  door = await Door.open({ elsewhere: new Map([['https://lms.us.example/', 'us-east']]), origins: ['https://lms.example'] });
});
afterAll(() => door.close());

const eventsOf = (name: Parameters<Door['records']>[0]) => door.records(name).map(({ value }) => value);
const written = () => door.records('clicks').length;

describe('an event', () => {
  it('is in the log when the answer says so, under a pseudonym, with what was left out filled in', async () => {
    const { status, json } = await door.post({
      topic: 'clicks',
      learner: 'mailto:fay@example.org',
      course: 'BBB',
      personal: { action: 'VIEW', item: 'i' },
    });
    expect([status, json]).toEqual([200, { written: 1, repeated: 0 }]);
    const [{ learner, eventId, ...rest }] = eventsOf('clicks').filter(({ course }) => course === 'BBB') as [ReturnType<typeof eventsOf>[number]];
    expect(learner).toMatch(/^[0-9a-f-]{36}$/);
    expect(eventId).toMatch(/^[0-9a-f-]{36}$/);
    expect(rest).toEqual({
      course: 'BBB',
      cohort: 'BBB',
      region: REGION,
      occurredAtMs: NOW_MS,
      personal: { action: 'VIEW', item: 'i', dwellMs: 0, clicks: 1 },
    });
  });

  it('of any topic goes there, all of one learner under one key', async () => {
    const learner = 'https://lms.example/ 42';
    const common = { learner, course: 'CCC', occurredAtMs: 5 };
    const recommended = { list: 'NEXT', item: 'i', position: 0 };
    const events = [
      { ...common, topic: 'clicks', eventId: 'c-1', personal: { action: 'DWELL', item: 'i', dwellMs: 7 } },
      { ...common, topic: 'quiz-results', eventId: 'c-2', personal: { item: 'i', skills: ['s'], score: 0.5, attempts: 1, correct: true } },
      { ...common, topic: 'lms-events', eventId: 'c-3', personal: { kind: 'DEADLINE', item: 'i', dueAtMs: 9 } },
      { ...common, topic: 'exposures', eventId: 'c-4', recommendationMadeAtMs: 4, personal: { list: 'NEXT', items: ['i'] } },
      { ...common, topic: 'feedback', eventId: 'c-5', personal: { kind: 'HELPFUL', ...recommended } },
    ];
    expect((await door.post(events)).json).toEqual({ written: 5, repeated: 0 });
    const found = (['clicks', 'quiz-results', 'lms-events', 'exposures', 'feedback'] as const).flatMap((name) =>
      door.records(name).filter(({ value }) => value.eventId.startsWith('c-')),
    );
    expect(found.map(({ value }) => value.eventId)).toEqual(['c-1', 'c-2', 'c-3', 'c-4', 'c-5']);
    expect(new Set(found.map(({ key }) => key))).toEqual(new Set([door.identities.find(learner)]));
  });

  const REFUSED: readonly [string, object, unknown[]][] = [
    ['a field that no schema has', { shoeSize: 'secret-43' }, [400, 'SFS_FIELD_REFUSED', 'shoeSize']],
    ['such a field within', { personal: { action: 'OPEN', item: 'i', note: 'secret' } }, [400, 'SFS_FIELD_REFUSED', 'personal.note']],
    ['a name that would break a line', { 'a\nb': 'secret' }, [400, 'SFS_FIELD_REFUSED', 'a?b']],
    ['a sealed envelope', { personal: { ciphertext: 'secret' } }, [400, 'SFS_FIELD_REFUSED', 'personal.ciphertext']],
    ['a prototype', { ...(JSON.parse('{"constructor":"secret"}') as object) }, [400, 'SFS_FIELD_REFUSED', 'constructor']],
    ['no learner', { learner: undefined }, [400, 'SFS_EVENT_INVALID', 'learner']],
    ['an empty learner', { learner: '' }, [400, 'SFS_EVENT_INVALID', 'learner']],
    ['a topic that topologies write', { topic: 'recommendations' }, [400, 'SFS_EVENT_INVALID', 'topic']],
    ['no course', { course: undefined }, [400, 'SFS_EVENT_INVALID', 'course']],
    ['a number as a text', { occurredAtMs: '1' }, [400, 'SFS_EVENT_INVALID', 'occurredAtMs']],
    ['half a millisecond', { occurredAtMs: 1.5 }, [400, 'SFS_EVENT_INVALID', 'occurredAtMs']],
    ['an action that is none', { personal: { action: 'secret', item: 'i' } }, [400, 'SFS_EVENT_INVALID', 'personal.action']],
    ['a negative time', { personal: { action: 'DWELL', item: 'i', dwellMs: -1 } }, [400, 'SFS_EVENT_INVALID', 'personal.dwellMs']],
    ['an item that is no text', { personal: { action: 'OPEN', item: { secret: 1 } } }, [400, 'SFS_EVENT_INVALID', 'personal.item']],
    ['an item too long', { personal: { action: 'OPEN', item: 'i'.repeat(257) } }, [400, 'SFS_EVENT_INVALID', 'personal.item']],
    ['a control character', { personal: { action: 'OPEN', item: 'i\u0000' } }, [400, 'SFS_EVENT_INVALID', 'personal.item']],
    ['a cohort that cannot be part of a key', { cohort: 'a|b' }, [400, 'SFS_EVENT_INVALID', 'cohort']],
    ['another region', { region: 'us-east' }, [421, 'SFS_REGION_OTHER', 'region']],
    ['a learner at home in another region', { learner: 'https://lms.us.example/ 7' }, [421, 'SFS_REGION_OTHER', 'region']],
  ];

  it.each(REFUSED)('is refused for %s: the field is named, its content never', async (_, change, expected) => {
    const before = written();
    door.lines.length = 0;
    const answer = await door.post(click('refused', change));
    expect(problem(answer)).toEqual(expected);
    expect(answer.headers['content-type']).toBe('application/problem+json');
    expect(`${answer.text}${door.lines.join('')}`).not.toMatch(/secret|ada@/);
    expect(written()).toBe(before);
  });

  it('of another region is told where it belongs, and counted; a name of a region that nobody gave is no label', async () => {
    const counted = async () => (await door.ask('GET', '/metrics')).text.match(/other_region_total\{region="[\w-]+"\} \d+/g) ?? [];
    expect((await door.post(click('us', { learner: 'https://lms.us.example/ 7' }))).json).toMatchObject({ status: 421, region: 'us-east' });
    expect((await door.post(click('xx', { region: 'xx-made-up' }))).json).toMatchObject({ status: 421, region: 'xx-made-up' });
    const labels = (await counted()).map((line) => line.replace(/ \d+$/, ''));
    expect(labels.sort()).toEqual(['other_region_total{region="unknown"}', 'other_region_total{region="us-east"}']);
  });
});

describe('a list of events', () => {
  it('is written whole or not at all, and tells which one was refused', async () => {
    const answer = await door.post([click('l-1'), click('l-2', { course: '' }), click('l-3')]);
    expect(problem(answer)).toEqual([400, 'SFS_EVENT_INVALID', 'course', 1]);
    expect(eventsOf('clicks').filter(({ eventId }) => eventId.startsWith('l-'))).toEqual([]);
  });

  it('must not be empty, too long, or hold an identity twice', async () => {
    expect(problem(await door.post([]))).toEqual([400, 'SFS_EVENT_INVALID', 'body']);
    expect(problem(await door.post(Array.from({ length: 1_001 }, (_, n) => click(`n-${n}`))))).toEqual([400, 'SFS_EVENT_INVALID', 'body']);
    expect(problem(await door.post([click('t-1'), click('t-1')]))).toEqual([400, 'SFS_EVENT_INVALID', 'eventId', 1]);
    expect(problem(await door.post([click('t-1'), 'text']))).toEqual([400, 'SFS_EVENT_INVALID', 'event', 1]);
  });

  it('keeps its order for each learner', async () => {
    const ids = Array.from({ length: 50 }, (_, n) => `o-${n}`);
    await door.post(ids.map((id) => click(id, { learner: 'mailto:order@example.org' })));
    expect(eventsOf('clicks').flatMap(({ eventId }) => (eventId.startsWith('o-') ? [eventId] : []))).toEqual(ids);
  });
});

describe('a request', () => {
  it('is refused with a problem document where it cannot be read', async () => {
    const large = JSON.stringify(click('large', { course: 'x'.repeat(5_000_000) }));
    expect(problem(await door.post('{"secret'))).toEqual([400, 'SFS_REQUEST_INVALID']);
    expect((await door.post('{"secret')).text).not.toContain('secret');
    expect(problem(await door.post('x', { 'content-type': 'text/plain' }))).toEqual([415, 'SFS_REQUEST_INVALID']);
    expect(problem(await door.post(large))).toEqual([413, 'SFS_REQUEST_INVALID']);
    expect(problem(await door.ask('GET', '/v1/events'))).toEqual([405, 'SFS_METHOD_REFUSED']);
    expect((await door.ask('GET', '/v1/events')).headers['allow']).toBe('POST');
    expect(problem(await door.ask('POST', '/nothing', {}))).toEqual([404, 'SFS_PATH_UNKNOWN']);
  });

  it('of a page is taken from the origins that are named', async () => {
    const ask = (origin: string) => door.ask('OPTIONS', '/v1/events', undefined, { origin, 'access-control-request-method': 'POST' });
    const [known, unknown] = [await ask('https://lms.example'), await ask('https://evil.example')];
    expect(known.headers['access-control-allow-origin']).toBe('https://lms.example');
    expect(unknown.headers['access-control-allow-origin']).toBeUndefined();
  });

  it('leaves a line in the log without identity, pseudonym or content', async () => {
    door.lines.length = 0;
    await door.post(click('logged', { learner: 'mailto:log@example.org' }));
    const [line] = door.lines.map((text) => JSON.parse(text) as Record<string, unknown>);
    expect(line).toMatchObject({ text: 'request', method: 'POST', route: '/v1/events', status: 200 });
    expect(door.lines.join('')).not.toContain(door.identities.find('mailto:log@example.org'));
    expect(door.lines.join('')).not.toMatch(/log@example|logged/);
  });

  it('has its description: every route, and the fields of every topic', async () => {
    const { json } = await door.ask('GET', '/openapi.json');
    const { openapi, paths } = json as { openapi: string; paths: Record<string, Record<string, { requestBody?: unknown }>> };
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths).sort()).toEqual([
      '/healthz',
      '/readyz',
      '/v1/events',
      '/v1/learners/{learner}/rights',
      '/v1/rights/{request}',
      '/xapi/about',
      '/xapi/statements',
    ]);
    const body = JSON.stringify(paths['/v1/events']!['post']!.requestBody);
    for (const field of ['dwellMs', 'skills', 'hoursPerWeek', 'recommendationMadeAtMs', 'exposureId']) expect(body).toContain(`"${field}"`);
    expect(body).not.toContain('ciphertext');
  });

  it('is told that the gateway is well', async () => {
    expect((await door.ask('GET', '/healthz')).json).toEqual({ status: 'ok' });
    expect((await door.ask('GET', '/readyz')).json).toEqual({ status: 'ready' });
  });
});
