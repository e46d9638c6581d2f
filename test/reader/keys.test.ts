/** API keys: who is let in, to what, and for whom. */
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { KeyFile } from '../../http/access/keyFile.js';
import { newKey, readKeys, writeKeys, type KeyGrant, type Scope } from '../../reader/index.js';
import { COURSE, serving, type Serving } from './serving.js';
import { newFolder } from '../fixtures/folders.js';

const path = join(newFolder(), 'access', 'keys.json');
const grant = (scopes: readonly Scope[], rest: Partial<KeyGrant> = {}): KeyGrant => ({
  label: 'test',
  scopes,
  learner: null,
  perMinute: null,
  createdAtMs: 0,
  expiresAtMs: null,
  ...rest,
});
const keys = {
  app: newKey(grant(['recommendations:read'])),
  ada: newKey(grant(['recommendations:read', 'events:write', 'console:read', 'console:learners'], { learner: 'ada' })),
  console: newKey(grant(['console:read'])),
  teacher: newKey(grant(['console:learners'])),
  old: newKey(grant(['recommendations:read'], { expiresAtMs: Date.now() - 1 })),
  lost: newKey(grant(['recommendations:read'])),
};
const bearer = (key: string): Record<string, string> => ({ authorization: `Bearer ${key}` });
const PATH = '/v1/learners/ada/recommendations';

let school: Serving;
const lines: string[] = [];
beforeAll(async () => {
  writeKeys(
    path,
    [keys.app, keys.ada, keys.console, keys.teacher, keys.old].map(({ entry }) => entry),
  );
  school = await serving({
    access: { keyFile: path },
    metrics: true,
    beatMs: 50,
    logStream: { write: (line: string) => lines.push(line) > 0 },
    console: {
      overview: () => ({ topologies: [], topics: [] }),
      learner: (learner) => Promise.resolve({ learner, context: null, engagement: null, mastery: null }),
      trend: (cohort) => Promise.resolve({ cohort, trend: null }),
    },
  });
});

const codeOf = async (response: Response): Promise<[number, unknown]> => [response.status, ((await response.json()) as { code?: string }).code];

describe('a reader with keys', () => {
  it.each([
    ['nothing', {}, 'Bearer realm="skillforge reader"'],
    ['a key that it does not know', bearer(keys.lost.key), 'Bearer realm="skillforge reader", error="invalid_token"'],
    ['another secret under a known id', bearer(keys.app.key.slice(0, 17) + keys.lost.key.slice(17)), /invalid_token/],
    ['a digest in place of the secret', bearer(`sfs_${keys.app.entry.id}_${keys.app.entry.sha256}`), /invalid_token/],
    ['a key that has expired', bearer(keys.old.key), /invalid_token/],
    ['a key without a scheme', { authorization: keys.app.key }, /invalid_token/],
    ['rubbish', { authorization: 'Basic %%%' }, /invalid_token/],
  ])('lets nobody in who shows %s', async (_, headers, challenge) => {
    const response = await school.get(PATH, headers);
    expect(response.headers.get('www-authenticate')).toMatch(challenge);
    expect(await codeOf(response)).toEqual([401, 'SFS_UNAUTHENTICATED']);
  });

  it('lets in who shows a key, as a bearer or as a password, to what its scopes name', async () => {
    const basic = { authorization: `Basic ${Buffer.from(`anybody:${keys.app.key}`).toString('base64')}` };
    for (const headers of [bearer(keys.app.key), basic]) expect((await school.get(PATH, headers)).status).toBe(200);
    expect(await codeOf(await school.get('/console/overview', basic))).toEqual([403, 'SFS_FORBIDDEN']);
    expect(await codeOf(await school.get('/metrics', basic))).toEqual([403, 'SFS_FORBIDDEN']);
    expect(await codeOf(await school.post('/v1/feedback', { events: [] }, basic))).toEqual([403, 'SFS_FORBIDDEN']);
    expect((await school.get('/console/overview', bearer(keys.console.key))).status).toBe(200);
    expect((await school.get('/metrics', bearer(keys.console.key))).status).toBe(200);
    expect(await codeOf(await school.get(PATH, bearer(keys.console.key)))).toEqual([403, 'SFS_FORBIDDEN']);
    // How things run, and what is known of learners, are two scopes.
    for (const path of ['/console/learners', '/console/learners/ada']) {
      expect(await codeOf(await school.get(path, bearer(keys.console.key)))).toEqual([403, 'SFS_FORBIDDEN']);
      expect((await school.get(path, bearer(keys.teacher.key))).status).toBe(200);
    }
    expect(await codeOf(await school.get('/console/overview', bearer(keys.teacher.key)))).toEqual([403, 'SFS_FORBIDDEN']);
  });

  it('is open where nothing is told of anybody, and asks a browser for a key of the page', async () => {
    for (const open of ['/healthz', '/readyz', '/openapi.json']) expect((await school.get(open)).status, open).toBe(200);
    const page = await school.get('/');
    expect([page.status, page.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Basic realm=.*Bearer realm=/)]);
    expect(await codeOf(await school.get('/nothing'))).toEqual([404, 'SFS_PATH_UNKNOWN']);
  });

  it('lets a key of one learner read that learner and no other', async () => {
    const shown = bearer(keys.ada.key);
    expect((await school.get(PATH, shown)).status).toBe(200);
    expect((await school.get(`/v1/segments/${COURSE}/recommendations`, shown)).status).toBe(200);
    expect((await school.post('/v1/recommendations/batch', { learners: ['ada'] }, shown)).status).toBe(200);
    const refused = [
      school.get('/v1/learners/ben/recommendations', shown),
      school.get('/v1/learners/ben/recommendations/changes', shown),
      school.get('/console/learners/ada', shown),
      school.get('/console/learners', shown),
      school.post('/v1/recommendations/batch', { learners: ['ada', 'ben'] }, shown),
    ];
    for (const response of refused) expect(await codeOf(await response)).toEqual([403, 'SFS_FORBIDDEN']);
  });

  it('logs the id of a key, and neither the key nor a learner', async () => {
    lines.length = 0;
    await school.get(PATH, bearer(keys.app.key));
    await school.get(PATH, bearer(keys.lost.key));
    await expect.poll(() => lines.length).toBe(2);
    const [known, unknown] = lines.map((line) => JSON.parse(line) as { by?: string; status: number });
    expect([known!.by, known!.status, unknown!.by, unknown!.status]).toEqual([`key:${keys.app.entry.id}`, 200, undefined, 401]);
    expect(lines.join('')).not.toMatch(new RegExp(`(?<![0-9a-f-])ada(?![0-9a-f-])|${keys.app.key.slice(17)}`));
  });

  it('ends a stream soon after its key was revoked', async () => {
    const stream = await school.get(`${PATH}/changes`, bearer(keys.ada.key));
    writeKeys(
      path,
      [keys.app, keys.console, keys.old].map(({ entry }) => entry),
    );
    expect(await stream.text()).toContain('event: recommendations');
    expect((await school.get(PATH, bearer(keys.ada.key))).status).toBe(401);
    expect((await school.get(PATH, bearer(keys.app.key))).status).toBe(200);
  });
});

describe('a file of keys', () => {
  it('holds no secret, and is for its owner alone', () => {
    const text = readFileSync(path, 'utf8');
    expect(text).not.toContain(keys.app.key.slice(17));
    expect(readKeys(path)).toContainEqual(keys.app.entry);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readKeys(join(newFolder(), 'none.json'))).toEqual([]);
  });

  it.each([
    ['no JSON', '{'],
    ['no list', '{}'],
    ['null', 'null'],
    ['a key without a digest', JSON.stringify({ keys: [{ ...keys.app.entry, sha256: '' }] })],
    ['an unknown scope', JSON.stringify({ keys: [{ ...keys.app.entry, scopes: ['all'] }] })],
    ['an empty learner', JSON.stringify({ keys: [{ ...keys.app.entry, learner: '' }] })],
  ])('is refused with %s', (_, text) => {
    const other = join(newFolder(), 'keys.json');
    writeFileSync(other, text);
    expect(() => readKeys(other)).toThrow(expect.objectContaining({ code: 'SFS_ACCESS_INVALID' }));
  });

  it('lets nobody in while it cannot be read, and says so once', async () => {
    const other = join(newFolder(), 'keys.json');
    writeKeys(other, [keys.app.entry]);
    let nowMs = 0;
    const troubles: unknown[] = [];
    const file = new KeyFile(other, { clock: () => nowMs, onTrouble: (error) => troubles.push(error) });
    const isIn = async (): Promise<boolean> => {
      nowMs += 1_000;
      return (await file.authenticate(keys.app.key)) !== null;
    };
    expect(await isIn()).toBe(true);
    writeFileSync(other, 'broken');
    expect([await isIn(), await isIn(), troubles.length]).toEqual([false, false, 1]);
    writeKeys(other, [keys.app.entry]);
    expect([await isIn(), troubles.length]).toEqual([true, 1]);
  });
});

describe('limits', () => {
  it('count the requests of each key, and those of an address where none is asked for', async () => {
    const own = join(newFolder(), 'keys.json');
    const [few, many] = [newKey(grant(['recommendations:read'], { perMinute: 2 })), newKey(grant(['recommendations:read']))];
    writeKeys(own, [few.entry, many.entry]);
    const limited = await serving({ access: { keyFile: own }, perMinute: 5 });
    const statuses = async (times: number, headers: Record<string, string>): Promise<number[]> => {
      const all: number[] = [];
      for (let time = 0; time < times; time++) all.push((await limited.get(PATH, headers)).status);
      return all;
    };
    expect(await statuses(3, bearer(few.key))).toEqual([200, 200, 429]);
    expect(await statuses(6, bearer(many.key))).toEqual([200, 200, 200, 200, 200, 429]);
    const refused = await limited.get(PATH, bearer(few.key));
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await codeOf(refused)).toEqual([429, 'SFS_RATE_LIMITED']);
    expect((await limited.get('/healthz', bearer(few.key))).status).toBe(200);
    const open = await serving({ perMinute: 1 });
    expect([(await open.get(PATH)).status, (await open.get(PATH)).status, (await open.get('/readyz')).status]).toEqual([200, 429, 200]);
  });
});

describe('pages of other origins', () => {
  it('may read answers where their origin is listed', async () => {
    const page = 'https://app.example.org';
    const shared = await serving({ access: { keyFile: path }, origins: [page] });
    const preflight = (origin: string): Promise<Response> =>
      fetch(shared.url + PATH, {
        method: 'OPTIONS',
        headers: { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' },
      });
    const asked = await preflight(page);
    const { status, headers } = asked;
    expect([status, headers.get('access-control-allow-origin'), headers.get('access-control-allow-headers'), headers.get('access-control-allow-credentials')])
      .toEqual([204, page, 'authorization, content-type, if-none-match, last-event-id', null]); // prettier-ignore
    expect((await preflight('https://evil.example.org')).headers.get('access-control-allow-origin')).toBe(null);
    const answer = await shared.get(PATH, { origin: page, ...bearer(keys.app.key) });
    expect([answer.status, answer.headers.get('access-control-allow-origin'), answer.headers.get('vary')]).toEqual([200, page, 'Origin']);
    const refused = await shared.get(PATH, { origin: page });
    expect([refused.status, refused.headers.get('access-control-allow-origin')]).toEqual([401, page]);
    expect((await shared.get(PATH, { origin: 'null', ...bearer(keys.app.key) })).headers.get('access-control-allow-origin')).toBe(null);
  });

  it.each(['*', 'https://app.example.org/', 'app.example.org', 'null', 'file:///x'])('are not named by %s', async (origin) => {
    await expect(serving({ origins: [origin] })).rejects.toMatchObject({ code: 'SFS_ACCESS_INVALID' });
  });
});
