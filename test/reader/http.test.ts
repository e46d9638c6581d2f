/** The reader over HTTP: answers as its OpenAPI description says, problems as RFC 9457 says. */
import { createRequire } from 'node:module';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createReader, noticeOf, type Reader } from '../../reader/index.js';
import { DAY_MS, MADE_MS, REGION, Shelves } from './shelves.js';

const COURSE = 'AAA-2014J';
const lines: string[] = [];
let reader: Reader;
let url: string;

beforeAll(async () => {
  const shelves = new Shelves();
  await shelves.recommend('ada', { [COURSE]: { segment: 'a-level', next: ['n1', 'n2', 'n3'], new: ['w1'] } });
  await shelves.recommend('ünï/ ço|dé', { [COURSE]: { next: ['n1'] } });
  await shelves.segment(COURSE, 'a-level', [['s1', 40]]);
  await shelves.segment(COURSE, 'all', [['p1', 90]]);
  await shelves.item('n1', { title: 'First', kind: 'quiz' });
  reader = await createReader({ log: shelves.log, region: REGION, now: () => MADE_MS, logStream: { write: (line: string) => lines.push(line) > 0 } });
  await reader.client.caughtUp();
  url = await reader.listen({ port: 0 });
});
afterAll(() => reader.close());

const get = (path: string, init: RequestInit = {}): Promise<Response> => fetch(url + path, init);
const json = async (path: string): Promise<unknown> => (await get(path)).json();

describe('GET /v1/learners/{learner}/recommendations', () => {
  it('gives the list with all that is known of it', async () => {
    const response = await get('/v1/learners/ada/recommendations?limit=2&explain=true&exclude=n2,n9');
    expect([response.status, response.headers.get('content-type'), response.headers.get('cache-control')]).toEqual([
      200,
      'application/json; charset=utf-8',
      'private, no-cache',
    ]);
    const reasons = [{ code: 'TRENDING_IN_COHORT', text: expect.any(String) as string }];
    expect(await response.json()).toEqual({
      learner: 'ada',
      list: 'next',
      served: 'personal',
      madeAt: '2014-10-20T00:00:00.000Z',
      validUntil: '2014-10-28T00:00:00.000Z',
      model: 'formula-1',
      topologyVersion: 1,
      variant: '',
      region: 'eu-west',
      notice: noticeOf('personal'),
      items: [
        { item: 'n1', course: COURSE, score: 1, source: 'TRENDING', title: 'First', kind: 'quiz', reasons },
        { item: 'n3', course: COURSE, score: 0.5, source: 'TRENDING', reasons },
      ],
    });
  });

  it('gives no reasons unless they are asked for', async () => {
    expect(await json('/v1/learners/ada/recommendations?list=new')).toMatchObject({ list: 'new', items: [{ item: 'w1' }] });
    expect(JSON.stringify(await json('/v1/learners/ada/recommendations'))).not.toContain('reasons');
  });

  it('takes ids of any characters but control characters, up to 256 of them', async () => {
    expect(await json(`/v1/learners/${encodeURIComponent('ünï/ ço|dé')}/recommendations`)).toMatchObject({
      learner: 'ünï/ ço|dé',
      served: 'personal',
    });
    const longest = '\u{1f600}'.repeat(256);
    expect(await json(`/v1/learners/${encodeURIComponent(longest)}/recommendations`)).toMatchObject({ learner: longest, served: 'popular' });
    expect(await json('/v1/learners/__proto__/recommendations')).toMatchObject({ served: 'popular' });
  });

  it('serves an unknown learner, and one on the deny list alike', async () => {
    const unknown = (await json('/v1/learners/eve/recommendations')) as object;
    expect(unknown).toMatchObject({ served: 'popular', items: [{ item: 'p1', source: 'POPULAR' }] });
    await reader.client.denied.add('ada');
    expect(await json('/v1/learners/ada/recommendations')).toEqual({ ...unknown, learner: 'ada' });
    await reader.client.denied.remove('ada');
  });

  it('answers HEAD with the headers alone', async () => {
    const response = await get('/v1/learners/ada/recommendations', { method: 'HEAD' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(Number(response.headers.get('content-length'))).toBeGreaterThan(100);
  });
});

describe('GET /v1/segments/{course|segment}/recommendations', () => {
  it('gives the list of the segment, or of the whole course', async () => {
    const own = await json(`/v1/segments/${encodeURIComponent(`${COURSE}|a-level`)}/recommendations`);
    expect(own).toEqual({
      course: COURSE,
      segment: 'a-level',
      served: 'segment',
      madeAt: '2014-10-20T00:00:00.000Z',
      validUntil: new Date(MADE_MS + DAY_MS).toISOString(),
      model: 'counts-1',
      topologyVersion: 3,
      region: 'eu-west',
      notice: noticeOf('segment'),
      items: [{ item: 's1', course: COURSE, score: 4, source: 'SEGMENT' }],
    });
    expect(await json(`/v1/segments/${COURSE}/recommendations`)).toMatchObject({ segment: 'all', served: 'popular', items: [{ item: 'p1' }] });
    expect(await json(`/v1/segments/${COURSE}/recommendations?exclude=p1`)).toMatchObject({ served: 'popular', items: [], madeAt: null });
    expect(await json('/v1/segments/%7C/recommendations')).toMatchObject({ course: '', served: 'popular', items: [] });
  });
});

describe('health', () => {
  it('is told apart from readiness', async () => {
    expect(await json('/healthz')).toEqual({ status: 'ok' });
    expect(await json('/readyz')).toEqual({ status: 'ready', served: 'recommendations', lag: 0, trouble: null });
    const log = { topics: (): never => { throw new Error('gone'); }, range: () => ({ start: 0, end: 0 }), read: () => [] }; // prettier-ignore
    const early = await createReader({ log, region: REGION });
    const response = await early.app.inject('/readyz');
    expect([response.statusCode, response.headers['retry-after'], response.json()]).toEqual([
      503,
      '1',
      expect.objectContaining({ code: 'SFS_NOT_READY' }),
    ]);
    expect((await early.app.inject('/healthz')).statusCode).toBe(200);
    expect((await early.app.inject('/v1/learners/ada/recommendations')).json()).toMatchObject({ served: 'popular', items: [] });
    await early.close();
  });
});

describe('a request that is refused', () => {
  const long = 'x'.repeat(257);
  it.each([
    ['GET', '/v1/learners/ada/recommendations?limit=0', 400, 'SFS_REQUEST_INVALID', 'the query parameter "limit" must be >= 1'],
    ['GET', '/v1/learners/ada/recommendations?limit=21', 400, 'SFS_REQUEST_INVALID', 'the query parameter "limit" must be <= 20'],
    ['GET', '/v1/learners/ada/recommendations?limit=ten', 400, 'SFS_REQUEST_INVALID', 'the query parameter "limit" must be integer'],
    ['GET', '/v1/learners/ada/recommendations?limit=1&limit=2', 400, 'SFS_REQUEST_INVALID', 'the query parameter "limit" is given more than once'],
    ['GET', '/v1/learners/ada/recommendations?list=new&list=new', 400, 'SFS_REQUEST_INVALID', 'the query parameter "list" is given more than once'],
    ...['1e1', '0x5', '5.0', '%205', '%2B5', '05', '', 'true', '1,2'].map(
      (limit) =>
        [
          'GET',
          `/v1/learners/ada/recommendations?limit=${limit}`,
          400,
          'SFS_REQUEST_INVALID',
          'the query parameter "limit" must be integer',
        ] as const,
    ),
    ['GET', '/v1/learners/ada/recommendations?__proto__=1', 400, 'SFS_REQUEST_INVALID', 'the query parameter "__proto__" is not known'],
    ...['%E0%A4%A', '%zz', '%', '%ff', '%ED%A0%80'].map(
      (course) =>
        [
          'GET',
          `/v1/learners/ada/recommendations?course=${course}`,
          400,
          'SFS_REQUEST_INVALID',
          'the query is not encoded as a URL: write % as %25',
        ] as const,
    ),
    ['GET', '/v1/learners/ada/recommendations?exclude=a%00b', 400, 'SFS_REQUEST_INVALID', /"exclude" holds characters that are not allowed/],
    ['GET', '/v1/learners/ada/recommendations?list=best', 400, 'SFS_REQUEST_INVALID', /"list" must be equal to one of the allowed values: next, new/],
    ['GET', '/v1/learners/ada/recommendations?explain=yes', 400, 'SFS_REQUEST_INVALID', 'the query parameter "explain" must be boolean'],
    ['GET', '/v1/learners/ada/recommendations?course=', 400, 'SFS_REQUEST_INVALID', /"course" must NOT have fewer than 1 characters/],
    ['GET', '/v1/learners/ada/recommendations?limmit=5', 400, 'SFS_REQUEST_INVALID', 'the query parameter "limmit" is not known'],
    ['GET', '/v1/segments/a/recommendations?list=next', 400, 'SFS_REQUEST_INVALID', 'the query parameter "list" is not known'],
    ['GET', '/healthz?a=1', 400, 'SFS_REQUEST_INVALID', 'the query parameter "a" is not known'],
    ['GET', '/openapi.json?a=1', 400, 'SFS_REQUEST_INVALID', 'the query parameter "a" is not known'],
    ['GET', `/v1/learners/${long}/recommendations`, 400, 'SFS_REQUEST_INVALID', /"learner" must NOT have more than 256 characters/],
    ['GET', '/v1/learners/a%00b/recommendations', 400, 'SFS_REQUEST_INVALID', 'the part of the path "learner" holds characters that are not allowed'],
    ['GET', '/v1/learners/a%0Ab/recommendations', 400, 'SFS_REQUEST_INVALID', /not allowed/],
    ['GET', '/v1/learners//recommendations', 400, 'SFS_REQUEST_INVALID', /fewer than 1/],
    ['GET', '/v1/learners/%E0%A4%A/recommendations', 400, 'SFS_REQUEST_INVALID', 'the path is not encoded as a URL: write % as %25'],
    ['GET', `/v1/learners/${'x'.repeat(9000)}/recommendations`, 400, 'SFS_REQUEST_INVALID', 'path and query have more than 8192 characters'],
    [
      'GET',
      `/v1/learners/ada/recommendations?exclude=${'x'.repeat(9000)}`,
      400,
      'SFS_REQUEST_INVALID',
      'path and query have more than 8192 characters',
    ],
    ['GET', '/v1/learners/ada', 404, 'SFS_PATH_UNKNOWN', /openapi.json/],
    ['GET', '/', 404, 'SFS_PATH_UNKNOWN', /nothing under this path/],
    ['POST', '/v1/nothing', 404, 'SFS_PATH_UNKNOWN', /nothing under this path/],
    ['POST', '/v1/learners/ada/recommendations', 405, 'SFS_METHOD_REFUSED', 'the method POST is not known here; use GET or HEAD'],
    ['DELETE', '/healthz', 405, 'SFS_METHOD_REFUSED', /DELETE/],
    ['OPTIONS', '/v1/learners/ada/recommendations?list=new', 405, 'SFS_METHOD_REFUSED', /OPTIONS/],
    ['PROPFIND', '/readyz', 405, 'SFS_METHOD_REFUSED', /PROPFIND/],
  ] as const)('gets a problem document: %s %s', async (method, path, status, code, detail) => {
    const response = await get(path, { method, ...(method === 'POST' ? { body: '{', headers: { 'content-type': 'application/json' } } : {}) });
    expect([response.status, response.headers.get('content-type')]).toEqual([status, 'application/problem+json']);
    const problem = (await response.json()) as Record<string, unknown>;
    expect(problem).toEqual({
      type: 'about:blank',
      title: { 400: 'Bad Request', 404: 'Not Found', 405: 'Method Not Allowed' }[status],
      status,
      code,
      detail: typeof detail === 'string' ? detail : (expect.stringMatching(detail) as string),
      instance: expect.stringMatching(/^urn:uuid:[0-9a-f-]{36}$/) as string,
    });
    expect(response.headers.get('allow')).toBe(status === 405 ? 'GET, HEAD' : null);
    expect(response.headers.get('access-control-allow-origin')).toBe(null);
  });

  it.each([
    ['is no HTTP', 'rubbish\r\n\r\n', '400 Bad Request', 'the request is no HTTP'],
    ['has headers beyond all measure', `GET /healthz HTTP/1.1\r\nhost: a\r\nx: ${'x'.repeat(20_000)}\r\n\r\n`, '431 ', 'the headers are too large'],
  ])('on the connection, since it %s', async (_, bytes, status, detail) => {
    const answer = await raw(bytes);
    expect(answer.split('\r\n')[0]).toContain(status);
    expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ code: 'SFS_REQUEST_INVALID', detail });
  });

  it.each([
    ['names no path', 'GET * HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', '404 Not Found', 'SFS_PATH_UNKNOWN'],
    ['names no host', 'GET /healthz HTTP/1.1\r\nconnection: close\r\n\r\n', '400 Bad Request', 'SFS_REQUEST_INVALID'],
    ['expects too much', 'GET /healthz HTTP/1.1\r\nhost: a\r\nexpect: wonders\r\n\r\n', '417 Expectation Failed', 'SFS_REQUEST_INVALID'],
    ['names a path and a server', 'POST http://a/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n', '405 Method ', 'SFS_METHOD_REFUSED'],
  ])('gets a problem document when it %s', async (_, bytes, status, code) => {
    const answer = await raw(bytes);
    expect(answer.split('\r\n')[0]).toContain(status);
    expect(answer).toContain('content-type: application/problem+json');
    expect(answer).toContain(`"code":"${code}"`);
  });

  it('may name the server in its first line, as a client of a proxy does', async () => {
    expect(await raw('GET http://a/healthz HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n')).toContain('{"status":"ok"}');
  });

  it('shows no stack when the reader itself fails, and logs one without a word of the request', async () => {
    // No letters of hexadecimal digits alone in the name: the answer holds a random UUID.
    const shelves = new Shelves();
    const told: string[] = [];
    const failing = await createReader({
      log: shelves.log,
      region: REGION,
      logStream: { write: (line: string) => told.push(line) > 0 },
      now: () => {
        throw new Error('secret of morgan');
      },
    });
    const response = await failing.app.inject('/v1/learners/morgan/recommendations');
    expect([response.statusCode, response.json()]).toEqual([
      500,
      expect.objectContaining({ code: 'SFS_UNEXPECTED', title: 'Internal Server Error' }),
    ]);
    expect(response.body).not.toMatch(/secret|\.ts|morgan/);
    const [line] = told.map((one) => JSON.parse(one) as { level: string; at?: string[] });
    expect(line).toMatchObject({ level: 'error', text: 'request failed', route: '/v1/learners/:learner/recommendations', error: 'Error' });
    expect(line!.at!.length).toBeGreaterThan(2);
    expect(told.join('')).not.toMatch(/secret|morgan/);
    await failing.close();
  });
});

/** Sends bytes as they are; resolves to all that comes back. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = connect(Number(new URL(url).port), '127.0.0.1', () => socket.write(bytes));
    socket.on('data', (part) => (answer += part.toString()));
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
}

describe('GET /openapi.json', () => {
  interface Description {
    readonly openapi: string;
    readonly paths: Readonly<
      Record<string, Record<string, { readonly parameters?: { name: string; in: string }[]; readonly responses: Record<string, Body> }>>
    >;
  }
  interface Body {
    readonly content: Readonly<Record<string, { readonly schema: object }>>;
  }
  // The validator of fastify, in the version that OpenAPI 3.1 asks for.
  const fromCompiler = createRequire(createRequire(createRequire(import.meta.url).resolve('fastify')).resolve('@fastify/ajv-compiler'));
  const { Ajv2020 } = fromCompiler('ajv/dist/2020.js') as {
    Ajv2020: new (options: object) => { validate(schema: object, value: unknown): boolean; errorsText(): string };
  };
  const ajv = new Ajv2020({ strict: false, formats: { 'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/ } });

  it('describes every path that clients use', async () => {
    const { openapi, paths } = (await json('/openapi.json')) as Description;
    expect(openapi).toBe('3.1.0');
    expect(Object.keys(paths).sort()).toEqual([
      '/healthz',
      '/readyz',
      '/v1/exposures',
      '/v1/feedback',
      '/v1/learners/{learner}/recommendations',
      '/v1/learners/{learner}/recommendations/changes',
      '/v1/recommendations/batch',
      '/v1/segments/{segment}/recommendations',
    ]);
    const parameters = paths['/v1/learners/{learner}/recommendations']!['get']!.parameters!.map(({ name, in: place }) => `${place} ${name}`);
    expect(parameters.sort()).toEqual([
      'path learner',
      'query course',
      'query exclude',
      'query explain',
      'query limit',
      'query list',
      'query profiling',
      'query segment',
    ]);
  });

  it.each([
    ['/v1/learners/{learner}/recommendations', '/v1/learners/ada/recommendations?explain=true', '200', 'application/json'],
    ['/v1/learners/{learner}/recommendations', '/v1/learners/eve/recommendations?course=none', '200', 'application/json'],
    ['/v1/learners/{learner}/recommendations', '/v1/learners/ada/recommendations?limit=0', '400', 'application/problem+json'],
    ['/v1/segments/{segment}/recommendations', `/v1/segments/${COURSE}/recommendations`, '200', 'application/json'],
    ['/v1/learners/{learner}/recommendations', '/v1/learners/ada/recommendations?profiling=false&segment=a-level', '400', 'application/problem+json'],
    ['/healthz', '/healthz', '200', 'application/json'],
    ['/readyz', '/readyz', '200', 'application/json'],
  ])('describes the answer as it is: %s, %s', async (path, request, status, type) => {
    const { paths } = (await json('/openapi.json')) as Description;
    const { schema } = paths[path]!['get']!.responses[status]!.content[type]!;
    const answer = (await json(request)) as object;
    expect(ajv.validate(schema, answer), ajv.errorsText()).toBe(true);
    expect(ajv.validate(schema, { ...answer, more: 1 })).toBe(false);
    const [first] = Object.keys(answer);
    expect(ajv.validate(schema, { ...answer, [first!]: undefined })).toBe(false);
  });
});

describe('the log of requests', () => {
  it('has a line for each, with the pattern of the path and no id of a learner', async () => {
    lines.length = 0;
    const response = await get('/v1/learners/ada/recommendations?course=secret');
    const problem = (await (await get('/v1/learners/ada/nothing')).json()) as { instance: string };
    await expect.poll(() => lines.length).toBe(2);
    expect(response.status).toBe(200);
    const [first, second] = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(first).toEqual({
      time: expect.stringMatching(/^\d{4}-/) as string,
      level: 'info',
      text: 'request',
      request: expect.any(String) as string,
      method: 'GET',
      route: '/v1/learners/:learner/recommendations',
      status: 200,
      ms: expect.any(Number) as number,
    });
    expect(second).toMatchObject({ route: null, status: 404, request: problem.instance.slice('urn:uuid:'.length) });
    expect(lines.join('')).not.toMatch(/(?<![0-9a-f-])ada(?![0-9a-f-])|secret/);
  });
});

describe('a reader that stops', () => {
  it('answers what is under way, and takes nothing more', async () => {
    const shelves = new Shelves();
    let release = (): void => undefined;
    let begun = (): void => undefined;
    const underWay = new Promise<void>((resolve) => (begun = resolve));
    const held = new Promise<void>((resolve) => (release = resolve));
    const other = await createReader({ log: shelves.log, region: REGION, console: slowConsole(held, () => begun()) });
    const address = await other.listen({ port: 0 });
    const answer = fetch(`${address}/console/overview`);
    await underWay;
    const closing = other.close();
    release();
    expect((await answer).status).toBe(200);
    await closing;
    await expect(fetch(`${address}/healthz`)).rejects.toThrow();
  });

  it('says which port is taken', async () => {
    const second = await createReader({ log: new Shelves().log, region: REGION });
    await expect(second.listen({ port: Number(new URL(url).port) })).rejects.toMatchObject({ code: 'SFS_LISTEN_FAILED' });
    await second.close();
  });
});

function slowConsole(held: Promise<void>, begun: () => void): NonNullable<Parameters<typeof createReader>[0]['console']> {
  return {
    overview: async () => {
      begun();
      await held;
      return { topologies: [], topics: [] };
    },
    learner: (learner) => Promise.resolve({ learner, context: null, engagement: null, mastery: null }),
    trend: (cohort) => Promise.resolve({ cohort, trend: null }),
  };
}
