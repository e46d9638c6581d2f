import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { consoleRoutes, type ConsoleOptions, type ConsoleOverview } from '../../reader/console.js';
import { cohortId, courseId } from '../../schemas/index.js';
import { cohortTrend } from '../topologies/trends.js';

const OVERVIEW: ConsoleOverview = {
  topologies: [],
  topics: [{ name: 'clicks', partitions: 12, written: false, appendedPerSecond: 3.5, appended: 7 }],
};
const WINDOWS = { context: null, engagement: null, mastery: { asOfMs: 5, skills: [{ skill: 'cells', mastery: 0.5, answers: 2, lastAtMs: 5 }] } };
const TREND = cohortTrend([], { cohort: cohortId('c1'), course: courseId('AAA-2014J'), region: 'eu-west', asOfMs: 9 });

const LEARNERS = ['ada', 'ada-2', 'ben', 'denied'];

const options: ConsoleOptions = {
  source: {
    overview: () => OVERVIEW,
    learner: (learner) => Promise.resolve({ learner, ...WINDOWS }),
    trend: (cohort) => Promise.resolve(cohort === 'c1' ? TREND : null),
  },
  learners: (prefix, limit) => LEARNERS.filter((learner) => learner.startsWith(prefix)).slice(0, limit),
  isDenied: (learner) => learner === 'denied',
  now: () => 1234,
};

let app: FastifyInstance;

beforeEach(async () => {
  app = Fastify({ ajv: { customOptions: { removeAdditional: false } }, routerOptions: { maxParamLength: 1024 } });
  await app.register(consoleRoutes, options);
});

describe('the figures of the page', () => {
  it.each([
    ['/console/overview', { nowMs: 1234, ...OVERVIEW }],
    ['/console/learners', { learners: LEARNERS }],
    ['/console/learners?prefix=ada&limit=1', { learners: ['ada'] }],
    ['/console/learners/ada%2F%C3%A9', { learner: 'ada/é', ...WINDOWS }],
    ['/console/trends/c1', { cohort: 'c1', trend: TREND }],
    ['/console/trends/c2', { cohort: 'c2', trend: null }],
  ])('are given as JSON: %s', async (url, expected) => {
    const response = await app.inject(url);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    expect(response.json()).toEqual(expected);
  });

  it('tell nothing of a learner on the deny list', async () => {
    expect((await app.inject('/console/learners/denied')).json()).toEqual({ learner: 'denied', context: null, engagement: null, mastery: null });
  });

  it.each([
    '/console/learners?limit=0',
    '/console/learners?limit=201',
    '/console/learners?limit=many',
    '/console/learners?order=desc',
    `/console/learners?prefix=${'x'.repeat(257)}`,
    '/console/learners/a%00b',
    '/console/learners/ada%0A',
    `/console/learners/${'x'.repeat(257)}`,
    '/console/trends/c1%7F',
    '/console/overview?x=1',
  ])('are refused: %s', async (url) => {
    expect((await app.inject(url)).statusCode).toBe(400);
  });

  it('are not sent again where nothing changed', async () => {
    const first = await app.inject('/console/learners/ada');
    const { etag } = first.headers;
    expect(first.headers['cache-control']).toBe('private, no-cache');
    const again = await app.inject({ url: '/console/learners/ada', headers: { 'if-none-match': etag! } });
    expect([again.statusCode, again.body, again.headers.etag]).toEqual([304, '', etag]);
    const other = await app.inject({ url: '/console/learners/ben', headers: { 'if-none-match': etag! } });
    expect([other.statusCode, other.json<{ learner: string }>().learner]).toEqual([200, 'ben']);
  });
});

describe('the files of the page', () => {
  it.each([
    ['/', 'text/html; charset=utf-8'],
    ['/page/style.css', 'text/css; charset=utf-8'],
    ['/page/main.js', 'text/javascript; charset=utf-8'],
    ['/page/dagre.js', 'text/javascript; charset=utf-8'],
    ['/page/icon.svg', 'image/svg+xml; charset=utf-8'],
  ])('are served with their type, and load from this server alone: %s', async (url, type) => {
    const { statusCode, headers, body } = await app.inject(url);
    expect([statusCode, headers['content-type'], headers['x-content-type-options']]).toEqual([200, type, 'nosniff']);
    expect(headers['content-security-policy']).toMatch(/^default-src 'none'; script-src 'self'; .*frame-ancestors 'none'$/);
    expect(body.length).toBeGreaterThan(100);
  });

  it.each(['/page/', '/page/nothing.js', '/page/..%2Fconsole.ts', '/page/%2e%2e/console.ts', '/page/index.html'])(
    'are those of its folder alone: %s is none',
    async (url) => {
      expect((await app.inject(url)).statusCode).toBe(404);
    },
  );

  it('come from another folder where one is given, and from nowhere where it holds no page', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'skillforge-page-'));
    afterAll(() => rmSync(folder, { recursive: true }));
    const own = Fastify();
    await expect(own.register(consoleRoutes, { ...options, pageFolder: folder })).rejects.toMatchObject({ code: 'SFS_PACKAGE_BROKEN' });
    writeFileSync(join(folder, 'index.html'), '<p>mine</p>');
    const other = Fastify();
    await other.register(consoleRoutes, { ...options, pageFolder: folder });
    expect((await other.inject('/')).body).toBe('<p>mine</p>');
    expect((await other.inject('/page/main.js')).statusCode).toBe(404);
  });
});
