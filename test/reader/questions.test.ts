/** Ways to ask: again, without profiling, for many at once. */
import { beforeAll, describe, expect, it } from 'vitest';
import { answerFor } from '../../reader/answer.js';
import { RecommendationClient } from '../../reader/client.js';
import type { Look } from '../../reader/look.js';
import type { RecommendationView } from '../../reader/view.js';
import { NO_OVERSIGHT } from '../../schemas/index.js';
import { COURSE, OTHER, serving, shortOf, type Serving } from './serving.js';

let school: Serving;
beforeAll(async () => {
  school = await serving();
});

const PATH = '/v1/learners/ada/recommendations';

describe('a request with a tag', () => {
  it('is answered with 304 while the answer is the same, and anew when it is not', async () => {
    const first = await school.get(PATH);
    const tag = first.headers.get('etag')!;
    expect([first.status, first.headers.get('cache-control')]).toEqual([200, 'private, no-cache']);
    for (const shown of [tag, `W/${tag}`, `"other", ${tag}`, '*']) {
      const again = await school.get(PATH, { 'if-none-match': shown });
      expect([again.status, await again.text(), again.headers.get('etag')], shown).toEqual([304, '', tag]);
    }
    expect((await school.get(PATH, { 'if-none-match': '"other"' })).status).toBe(200);
    expect((await school.get(`${PATH}?limit=1`, { 'if-none-match': tag })).status).toBe(200);
  });

  it('shows that a learner was denied: nothing that a client kept outlives it', async () => {
    const tag = (await school.get('/v1/learners/ben/recommendations')).headers.get('etag')!;
    await school.reader.client.denied.add('ben');
    const after = await school.get('/v1/learners/ben/recommendations', { 'if-none-match': tag });
    expect([after.status, ...shortOf(await after.json())]).toEqual([200, 'popular', ['p1', 'q1']]);
    await school.reader.client.denied.remove('ben');
  });

  it('works for segments, and not for problems and probes', async () => {
    const path = `/v1/segments/${COURSE}/recommendations`;
    const tag = (await school.get(path)).headers.get('etag')!;
    expect((await school.get(path, { 'if-none-match': tag })).status).toBe(304);
    for (const other of ['/healthz', '/readyz', `${PATH}?limit=0`]) {
      const { headers } = await school.get(other, { 'if-none-match': '*' });
      expect([headers.get('etag'), headers.get('cache-control')], other).toEqual([null, 'no-store']);
    }
  });
});

describe('profiling=false', () => {
  it('gives what is popular in the course, or in all', async () => {
    const ask = async (query: string): Promise<unknown> => shortOf(await (await school.get(`${PATH}?profiling=false${query}`)).json());
    expect(await ask('')).toEqual(['popular', ['p1', 'q1']]);
    expect(await ask(`&course=${OTHER}`)).toEqual(['popular', ['q1']]);
    expect(await ask(`&course=${COURSE}&list=new`)).toEqual(['popular', ['p1']]);
    expect(shortOf(await (await school.get(`${PATH}?profiling=true`)).json())).toEqual(['personal', ['n1', 'n2']]);
  });

  it('does not go together with a segment', async () => {
    const response = await school.get(`${PATH}?profiling=false&segment=a-level`);
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({ detail: 'a segment is a profile, too: it does not go together with profiling=false' }),
    ]);
  });

  it('looks at no record of a learner and at no segment but the whole course', () => {
    const asked: string[] = [];
    const noted: unknown = new Proxy(
      {},
      {
        get:
          (_, name: string) =>
          (...args: unknown[]) => {
            asked.push([name, ...args.filter((arg) => typeof arg === 'string')].join(' '));
            return name === 'segments' ? [] : null;
          },
      },
    );
    const view = noted as RecommendationView;
    // As a client looks for such a question: below.
    const look: Look = { learner: 'ada', record: null, override: null, oversight: NO_OVERSIGHT, catalogueAt: undefined };
    answerFor(view, look, { profiling: false, segment: 'a-level' }, 0);
    answerFor(view, look, { profiling: false, segment: 'a-level', course: COURSE }, 0);
    // What people decided is no profile: it holds for whoever asks without one, too.
    expect(asked).toEqual(['override', 'segments all', 'override', `segment ${COURSE} all`]);
  });

  it('does not get the record of the learner out of the view', async () => {
    const client = await RecommendationClient.openStill({ log: school.shelves.log, region: 'eu-west', store: 'memory' });
    await client.catchUp();
    expect(client.look('ada', {}).record).not.toBeNull();
    expect(client.look('ada', { profiling: false }).record).toBeNull();
    await client.close();
  });
});

describe('POST /v1/recommendations/batch', () => {
  const PLACE = '/v1/recommendations/batch';

  it('gives what each learner would get alone, in the order asked', async () => {
    const response = await school.post(PLACE, { learners: ['ben', 'eve', 'ada', 'ben'], limit: 5, explain: true });
    const { region, answers } = (await response.json()) as { region: string; answers: { learner: string }[] };
    expect([response.status, region, response.headers.get('cache-control')]).toEqual([200, 'eu-west', 'no-store']);
    const alone = ['ben', 'eve', 'ada', 'ben'].map(async (learner) =>
      (await school.get(`/v1/learners/${learner}/recommendations?limit=5&explain=true`)).json(),
    );
    expect(answers).toEqual(await Promise.all(alone));
  });

  it('takes the whole question', async () => {
    const ask = async (question: object): Promise<unknown> =>
      ((await (await school.post(PLACE, { learners: ['ada'], ...question })).json()) as { answers: unknown[] }).answers.map(shortOf);
    expect(await ask({ list: 'new' })).toEqual([['personal', ['w1']]]);
    expect(await ask({ exclude: ['n1'] })).toEqual([['personal', ['n2']]]);
    expect(await ask({ course: OTHER, segment: 'x' })).toEqual([['popular', ['q1']]]);
    expect(await ask({ profiling: false })).toEqual([['popular', ['p1', 'q1']]]);
  });

  it.each([
    [{ learners: [] }, /"learners" must NOT have fewer than 1 items/],
    [{ learners: Array.from({ length: 101 }, (_, at) => `l${at}`) }, /"learners" must NOT have more than 100 items/],
    [{ learners: 'ada' }, 'the field of the body "learners" must be array'],
    [{ learners: ['ada', null] }, 'the field of the body "learners/1" must be string'],
    [{ learners: [''] }, /"learners\/0" must NOT have fewer than 1 characters/],
    [{ learners: ['a\nb'] }, 'the field of the body "learners/0" holds characters that are not allowed'],
    [{ learners: ['ada'], limit: '5' }, 'the field of the body "limit" must be integer'],
    [{ learners: ['ada'], limit: null }, 'the field of the body "limit" must be integer'],
    [{ learners: ['ada'], limit: 21 }, /"limit" must be <= 20/],
    [{ learners: ['ada'], limmit: 5 }, 'the field of the body "limmit" is not known'],
    [{ learners: ['ada'], profiling: false, segment: 'x' }, /profiling=false/],
    [{}, 'the field of the body "learners" is missing'],
    [[], 'the body must be object'],
    [null, 'the body must be object'],
  ])('refuses %j', async (body, detail) => {
    const response = await school.post(PLACE, body);
    expect([response.status, await response.json()]).toEqual([
      400,
      expect.objectContaining({
        code: 'SFS_REQUEST_INVALID',
        detail: typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string),
      }),
    ]);
  });

  it.each([
    ['{"learners":', 'application/json', 400, 'the body is no JSON'],
    ['', 'application/json', 400, 'the body is empty'],
    ['{"__proto__":{}}', 'application/json', 400, 'the body is no JSON'],
    ['learners=ada', 'application/x-www-form-urlencoded', 415, 'a body is JSON: the header "content-type" says application/json'],
    ['{}', 'text/plain', 415, 'a body is JSON: the header "content-type" says application/json'],
    [' '.repeat(600_000), 'application/json', 413, 'the body is too large'],
  ])('refuses the body %.20s as %s', async (body, type, status, detail) => {
    const response = await fetch(school.url + PLACE, { method: 'POST', body, headers: { 'content-type': type } });
    expect([response.status, response.headers.get('content-type'), await response.json()]).toEqual([
      status,
      'application/problem+json',
      expect.objectContaining({ code: 'SFS_REQUEST_INVALID', detail }),
    ]);
  });

  it('says which methods there are', async () => {
    const response = await school.get(PLACE);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
