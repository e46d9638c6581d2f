import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../../http/access/principal.js';
import {
  consoleRoutes,
  type ConsoleDeadLetter,
  type ConsoleDeadLetters,
  type ConsoleModels,
  type ConsoleOptions,
  type ConsoleOverview,
  type ConsoleReplays,
  type ConsoleSource,
  type ReplayDifference,
} from '../../reader/console.js';
import { cohortId, courseId } from '../../schemas/index.js';
import { cohortTrend } from '../topologies/trends.js';

const OVERVIEW: ConsoleOverview = {
  topologies: [],
  topics: [{ name: 'clicks', partitions: 12, written: false, appendedPerSecond: 3.5, appended: 7, lag: null, watermarkMs: 9 }],
};
const DECIDED = { item: 'i1', source: 'TRENDING', reasons: ['It is due soon'] };
const DECISIONS = {
  decisions: [{ madeAtMs: 5, modelVersion: 'm', topologyVersion: 1, variant: '', courses: [{ course: 'c', next: [DECIDED], new: [] }] }],
  logged: [
    {
      ...{ decisionId: 'd', decidedAtMs: 5, modelVersion: 'm', course: 'c', explored: false, weighed: 1 },
      features: [{ name: 'uses', unit: 'events', description: 'Uses.' }],
      candidates: [{ item: 'i1', source: 'TRENDING', nextPlace: 1, newPlace: null, score: 0.5, propensity: 1, values: [2.5] }],
    },
  ],
};
const REPLAYS: ConsoleReplays = {
  replays: [
    {
      ...{ topology: 't', replay: 't@2', live: 't@1', status: 'running', range: [1, 2], records: 9, taken: 4, behind: 5 },
      ...{ recordsPerSecond: 0.5, remainingSeconds: 10, results: [{ live: 'a', shadow: 'a.v2' }] },
    },
  ],
};
const example = (key: string) => ({ kind: 'changed', key, eventTimeMs: null, fields: ['items'] }) as const;
const DIFFERENCE: ReplayDifference = {
  ...{ replay: 't@2', live: 't@1', comparedAtMs: 7, ignored: ['topologyVersion'], share: 0.25 },
  topics: [{ topic: 'a', same: 3, added: 0, removed: 0, changed: 1, examples: [example('ada'), example('denied'), example('')] }],
};
const MODELS: ConsoleModels = {
  ...{ ranking: null, trouble: null, moves: [{ alias: 'production', from: null, to: '1', atMs: 3, by: 'ann', reason: null }] },
  versions: [
    {
      ...{ number: '1', bundleVersion: 'b', region: 'eu-west', createdAtMs: 1, trainedUntilMs: null, aliases: ['production'] },
      gates: { status: 'passed', atMs: 2, champion: null, checks: [{ name: 'size', status: 'passed', value: '1', bound: null, reason: 'fine' }] },
    },
    { number: '0', bundleVersion: 'a', region: 'eu-west', createdAtMs: 0, trainedUntilMs: 5, aliases: [], gates: null },
  ],
};
const letter = (key: string | null): ConsoleDeadLetter => ({
  ...{ id: 'eu-west.clicks/0/1', code: 'SFS_DECODE_FAILED', topology: 't@1', stage: null, sourceTopic: 'eu-west.clicks', eventTimeMs: null },
  ...{ writtenAtMs: 8, sentBackAtMs: null, key, reason: 'the record of ada cannot be read' },
});
const LETTERS: ConsoleDeadLetters = {
  ...{ total: 3, sentBack: 1, byCode: [{ code: 'SFS_DECODE_FAILED', count: 3 }] },
  letters: [letter('ada'), letter('denied'), letter(null)],
};
const WINDOWS = { context: null, engagement: null, mastery: { asOfMs: 5, skills: [{ skill: 'cells', mastery: 0.5, answers: 2, lastAtMs: 5 }] } };
const TREND = cohortTrend([], { cohort: cohortId('c1'), course: courseId('AAA-2014J'), region: 'eu-west', asOfMs: 9 });

const LEARNERS = ['ada', 'ada-2', 'ben', 'denied'];

/** What every source has. */
const bareSource: ConsoleSource = {
  overview: () => OVERVIEW,
  learner: (learner) => Promise.resolve({ learner, ...WINDOWS }),
  trend: (cohort) => Promise.resolve({ cohort, trend: cohort === 'c1' ? TREND : null }),
};

const options: ConsoleOptions = {
  source: {
    ...bareSource,
    decisions: (learner) => Promise.resolve({ learner, ...DECISIONS }),
    replays: () => Promise.resolve(REPLAYS),
    difference: (topology) => Promise.resolve(topology === 't' ? DIFFERENCE : null),
    models: () => Promise.resolve(MODELS),
    deadLetters: () => Promise.resolve(LETTERS),
  },
  learners: (prefix, limit) => LEARNERS.filter((learner) => learner.startsWith(prefix)).slice(0, limit),
  isDenied: (learner) => learner === 'denied',
  now: () => 1234,
};

async function appWith(consoleOptions: ConsoleOptions, scopes: readonly Scope[] | null = null): Promise<FastifyInstance> {
  const made = Fastify({ ajv: { customOptions: { removeAdditional: false } }, routerOptions: { maxParamLength: 1024 } });
  const principal = scopes && { name: 'key:1', account: 'key:1', scopes: new Set(scopes), learner: null, perMinute: null };
  made.decorateRequest('principal', null);
  made.addHook('onRequest', (request, _, done) => {
    request.principal = principal;
    done();
  });
  await made.register(consoleRoutes, consoleOptions);
  return made;
}

let app: FastifyInstance;

beforeAll(async () => {
  app = await appWith(options);
});

describe('the figures of the page', () => {
  it.each([
    ['/console/overview', { nowMs: 1234, ...OVERVIEW }],
    ['/console/learners', { learners: LEARNERS }],
    ['/console/learners?prefix=ada&limit=1', { learners: ['ada'] }],
    ['/console/learners/ada%2F%C3%A9', { learner: 'ada/é', ...WINDOWS }],
    ['/console/trends/c1', { cohort: 'c1', trend: TREND }],
    ['/console/trends/c2', { cohort: 'c2', trend: null }],
    ['/console/learners/ada/decisions', { learner: 'ada', ...DECISIONS }],
    ['/console/replays', REPLAYS],
    ['/console/models', MODELS],
  ])('are given as JSON: %s', async (url, expected) => {
    const response = await app.inject(url);
    expect(response.statusCode).toBe(200);
    expect(response.headers['content-type']).toMatch(/^application\/json/);
    expect(response.json()).toEqual(expected);
  });

  it('say why there is none, and which server is away, with 200', async () => {
    const why = { absent: 'Not to be had now: Kafka is away (SFS_BROKER_UNAVAILABLE).', away: ['kafka'] as const };
    const away = await appWith({
      ...options,
      source: {
        ...options.source,
        overview: () => ({ topologies: [], topics: [], ...why }),
        learner: (learner) => Promise.resolve({ learner, context: null, engagement: null, mastery: null, ...why }),
        trend: (cohort) => Promise.resolve({ cohort, trend: null, ...why }),
        decisions: (learner) => Promise.resolve({ learner, decisions: [], logged: [], ...why }),
        replays: () => Promise.resolve({ replays: [], ...why }),
        difference: () => Promise.resolve(why),
        deadLetters: () => Promise.resolve({ total: 0, sentBack: 0, byCode: [], letters: [], ...why }),
      },
    });
    for (const [path, nothing] of [
      ['overview', { nowMs: 1234, topologies: [], topics: [] }],
      ['learners/ada', { learner: 'ada', context: null, engagement: null, mastery: null }],
      ['trends/c1', { cohort: 'c1', trend: null }],
      ['learners/ada/decisions', { learner: 'ada', decisions: [], logged: [] }],
      ['replays', { replays: [] }],
      ['replays/t/difference', {}],
      ['dead-letters', { total: 0, sentBack: 0, byCode: [], letters: [] }],
    ] as const) {
      const response = await away.inject(`/console/${path}`);
      expect([response.statusCode, response.json()], path).toEqual([200, { ...nothing, ...why }]);
    }
  });

  it('tell nothing of a learner on the deny list', async () => {
    expect((await app.inject('/console/learners/denied')).json()).toEqual({ learner: 'denied', context: null, engagement: null, mastery: null });
  });

  it('tell nothing of what was decided for a learner on the deny list, nor of keys and examples that name one', async () => {
    expect((await app.inject('/console/learners/denied/decisions')).json()).toEqual({ learner: 'denied', decisions: [], logged: [] });
    const { letters } = (await app.inject('/console/dead-letters')).json<ConsoleDeadLetters>();
    expect(letters).toEqual([letter('ada'), { ...letter(null), reason: null }, letter(null)]);
    const { topics } = (await app.inject('/console/replays/t/difference')).json<ReplayDifference>();
    expect(topics[0]!.examples.map(({ key }) => key)).toEqual(['ada', '']);
  });

  it('tell of dead letters and differences without what may name a learner, to who may not see learners', async () => {
    const operator = await appWith(options, ['console:read']);
    const letters = (await operator.inject('/console/dead-letters')).json<ConsoleDeadLetters>();
    expect(letters).toEqual({ ...LETTERS, letters: LETTERS.letters.map((one) => ({ ...one, key: null, reason: null })) });
    const difference = (await operator.inject('/console/replays/t/difference')).json<ReplayDifference>();
    expect(difference).toEqual({ ...DIFFERENCE, topics: [{ ...DIFFERENCE.topics[0]!, examples: [] }] });
  });

  it('send nothing that their description does not name, whatever a source gives', async () => {
    const source = { ...options.source, deadLetters: () => Promise.resolve({ ...LETTERS, letters: [{ ...letter(null), value: 'secret' }] }) };
    const other = await appWith({ ...options, source });
    const { body } = await other.inject('/console/dead-letters');
    expect(body).toContain('SFS_DECODE_FAILED');
    expect(body).not.toContain('secret');
  });

  it('say that a topology has no replay', async () => {
    const response = await app.inject('/console/replays/other/difference');
    expect([response.statusCode, response.headers['content-type'], response.json<{ code: string }>().code]).toEqual([
      404,
      'application/problem+json',
      'SFS_REPLAY_NOTHING',
    ]);
  });

  it('are those parts that the source has and the scopes allow', async () => {
    const access = async (from: FastifyInstance): Promise<unknown> => (await from.inject('/console/access')).json();
    const all = ['recommendations', 'learners', 'decisions', 'topologies', 'replays', 'models', 'dead-letters'];
    expect(await access(app)).toEqual({
      scopes: ['recommendations:read', 'console:read', 'console:learners', 'events:write', 'rights:write'],
      parts: all,
    });
    expect(await access(await appWith(options, ['console:read']))).toEqual({
      scopes: ['console:read'],
      parts: ['topologies', 'replays', 'models', 'dead-letters'],
    });
    const bare = await appWith({ ...options, source: bareSource }, ['console:read', 'console:learners']);
    expect(await access(bare)).toEqual({ scopes: ['console:read', 'console:learners'], parts: ['learners', 'topologies'] });
    for (const path of ['replays', 'replays/t/difference', 'models', 'dead-letters', 'learners/ada/decisions']) {
      expect((await bare.inject(`/console/${path}`)).statusCode, path).toBe(404);
    }
  });

  it.each([
    '/console/access?x=1',
    '/console/replays?x=1',
    '/console/models?x=1',
    '/console/dead-letters?limit=1',
    '/console/replays/t%00/difference',
    '/console/learners/ada%0A/decisions',
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
