/** Who may send events: keys of a file, tokens of an issuer, and how often. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey, writeKeys, type KeyGrant } from '../../reader/index.js';
import { LocalIssuer } from '../reader/issuer.js';
import { Door, NOW_MS, click, problem, type Answer } from './gateways.js';
import { newFolder } from '../fixtures/folders.js';

const AUDIENCE = 'gateway';
const GRANT: KeyGrant = { label: 'lms', scopes: ['events:write'], learner: null, perMinute: null, createdAtMs: NOW_MS, expiresAtMs: null };

let sent = 0;
const post = (door: Door, credential: string): Promise<Answer> => door.post(click(`by-${++sent}`), { authorization: `Bearer ${credential}` });

/** A file of keys, and the keys. */
function keyFile(grants: readonly Partial<KeyGrant>[]): { readonly file: string; readonly keys: readonly string[] } {
  const made = grants.map((grant) => newKey({ ...GRANT, ...grant }));
  const file = join(newFolder(), 'keys.json');
  writeKeys(
    file,
    made.map(({ entry }) => entry),
  );
  return { file, keys: made.map(({ key }) => key) };
}

describe('a gateway with a file of keys', () => {
  let door: Door;
  let keys: readonly string[];
  beforeAll(async () => {
    const made = keyFile([{}, { scopes: ['recommendations:read'] }, { learner: 'ada' }, { perMinute: 2 }]);
    keys = made.keys;
    door = await Door.open({ access: { keyFile: made.file } });
  });
  afterAll(() => door.close());

  it('takes events from who shows one, by either scheme, and answers probes of anybody', async () => {
    const basic = `Basic ${Buffer.from(`lms:${keys[0]!}`).toString('base64')}`;
    expect([(await post(door, keys[0]!)).status, (await door.post(click('basic'), { authorization: basic })).status]).toEqual([200, 200]);
    for (const path of ['/readyz', '/healthz', '/openapi.json', '/metrics', '/xapi/about']) expect((await door.ask('GET', path)).status).toBe(200);
  });

  it('takes none from anybody else, and none of their content', async () => {
    const before = door.records('clicks').length;
    for (const authorization of [undefined, 'Bearer bad', `Bearer ${keys[0]!}0`, 'Basic good', keys[0]!]) {
      const answer = await door.post(click('unknown'), authorization === undefined ? {} : { authorization });
      expect([...problem(answer), answer.headers['www-authenticate']]).toEqual([401, 'SFS_UNAUTHENTICATED', 'Bearer, Basic']);
      expect(answer.headers['connection']).toBe('close');
    }
    // One that reads, and one that stands in the page of one learner.
    for (const key of [keys[1]!, keys[2]!]) expect(problem(await post(door, key))).toEqual([403, 'SFS_FORBIDDEN']);
    expect(door.records('clicks')).toHaveLength(before);
  });

  it('counts the requests of a key that says how many it may make', async () => {
    const answers = [await post(door, keys[3]!), await post(door, keys[3]!), await post(door, keys[3]!)];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 429]);
    expect(problem(answers[2]!)).toEqual([429, 'SFS_RATE_LIMITED']);
    const waitS = Number(answers[2]!.headers['retry-after']);
    expect(waitS).toBeGreaterThan(1);
    expect(waitS).toBeLessThanOrEqual(60);
    expect((await post(door, keys[0]!)).status).toBe(200);
    expect((await door.ask('GET', '/metrics')).text).toContain('skillforge_gateway_refused_total{code="SFS_RATE_LIMITED"} 1');
  });
});

describe('a gateway that trusts an issuer', () => {
  let issuer: LocalIssuer;
  let door: Door;
  beforeAll(async () => {
    issuer = await LocalIssuer.start();
    door = await Door.open({ access: { issuer: { url: issuer.url, audience: AUDIENCE } }, perMinute: 1_000 });
  });
  afterAll(() => door.close());

  const token = (claims: object = {}): Promise<string> => issuer.token({ aud: AUDIENCE, scope: 'openid events:write', ...claims });
  const refused = async (claims: object): Promise<unknown> => problem(await post(door, await token(claims)));

  it('takes events from who shows a token, found by discovery, and writes nothing of its subject', async () => {
    expect([(await post(door, await token({ sub: 'morgan' }))).status, (await post(door, await token())).status]).toEqual([200, 200]);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    expect(door.lines.join('')).not.toContain('morgan');
  });

  it.each([
    ['has expired', { exp: Math.floor(Date.now() / 1000) - 60 }],
    ['is for the reader', { aud: 'reader' }],
    ['is of another issuer', { iss: 'https://other.example.org' }],
    ['names its learner in another way than by a text', { learner: ['ada'] }],
  ])('takes none whose token %s', async (_, claims) => {
    expect(await refused(claims)).toEqual([401, 'SFS_UNAUTHENTICATED']);
  });

  it('takes none whose token lacks the scope, or is of one learner', async () => {
    expect(await refused({ scope: 'recommendations:read' })).toEqual([403, 'SFS_FORBIDDEN']);
    expect(await refused({ learner: 'ada' })).toEqual([403, 'SFS_FORBIDDEN']);
  });

  it('goes on with the keys that it knows while the issuer is away, and asks to come again where it knows none', async () => {
    issuer.isAway = true;
    expect((await post(door, await token())).status).toBe(200);
    const fresh = await Door.open({ access: { issuer: { url: issuer.url, audience: AUDIENCE } } });
    const away = await post(fresh, await token());
    expect([...problem(away), away.headers['retry-after'], away.headers['connection']]).toEqual([503, 'SFS_ISSUER_UNAVAILABLE', '1', 'close']);
    expect(fresh.records('clicks')).toEqual([]);
    issuer.isAway = false;
    await expect.poll(async () => (await post(fresh, await token())).status, { timeout: 10_000 }).toBe(200);
    await fresh.close();
  });

  it('takes either credential where keys are there, too', async () => {
    const { file, keys } = keyFile([{}]);
    const both = await Door.open({ access: { keyFile: file, issuer: { url: issuer.url, audience: AUDIENCE } } });
    expect([(await post(both, keys[0]!)).status, (await post(both, await token())).status]).toEqual([200, 200]);
    await both.close();
  });
});

describe('a gateway that asks nobody', () => {
  it('counts by address', async () => {
    const door = await Door.open({ perMinute: 1 });
    const answers = [await door.post(click('a')), await door.post(click('b'))];
    expect(answers.map(({ status }) => status)).toEqual([200, 429]);
    expect((await door.ask('GET', '/readyz')).status).toBe(200);
    await door.close();
  });
});
