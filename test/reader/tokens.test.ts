/** Tokens of an issuer. */
import { generateKeyPair } from 'jose';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import { AUDIENCE, LocalIssuer } from './issuer.js';
import { serving, type Serving } from './serving.js';

const PATH = '/v1/learners/ada/recommendations';
const lines: string[] = [];
let issuer: LocalIssuer;
let school: Serving;
beforeAll(async () => {
  issuer = await LocalIssuer.start();
  school = await serving({
    access: { issuer: { url: issuer.url, audience: AUDIENCE } },
    beatMs: 50,
    logStream: { write: (line: string) => lines.push(line) > 0 },
  });
});

const get = (token: string, path = PATH, from = school): Promise<Response> => from.get(path, { authorization: `Bearer ${token}` });
const statusOf = async (token: Promise<string>, path = PATH): Promise<number> => (await get(await token, path)).status;
const seconds = (from: number): number => Math.floor(Date.now() / 1000) + from;

describe('a reader that trusts an issuer', () => {
  it('lets in who shows a token, and asks the issuer for its keys once', async () => {
    expect([await statusOf(issuer.token()), await statusOf(issuer.token())]).toEqual([200, 200]);
    expect(issuer.asked).toEqual(['/.well-known/openid-configuration', '/keys']);
    lines.length = 0;
    await statusOf(issuer.token({ sub: 'morgan' }));
    await expect.poll(() => lines.length).toBe(1);
    expect(JSON.parse(lines[0]!)).toMatchObject({ by: 'token', status: 200 });
    expect(lines[0]).not.toContain('morgan');
  });

  it.each([
    ['has expired', { exp: seconds(-60) }],
    ['holds from later on', { nbf: seconds(120) }],
    ['never expires', { exp: undefined }],
    ['is for somebody else', { aud: 'other' }],
    ['is of another issuer', { iss: 'https://other.example.org' }],
    ['is of nobody', { sub: undefined }],
    ['names a learner in another way', { learner: ['ada'] }],
    ['names an empty learner', { learner: '' }],
  ])('lets nobody in whose token %s', async (_, claims) => {
    expect(await statusOf(issuer.token(claims))).toBe(401);
  });

  it('lets nobody in whose token is signed otherwise, or not at all', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    expect(await statusOf(issuer.token({}, { key: privateKey }))).toBe(401);
    expect(await statusOf(issuer.token({}, { alg: 'HS256', key: Buffer.from('a secret of 32 bytes, or of more') }))).toBe(401);
    const [, payload] = (await issuer.token()).split('.');
    const none = `${Buffer.from('{"alg":"none"}').toString('base64url')}.${payload!}.`;
    expect((await get(none)).status).toBe(401);
    expect((await get('a.b.c')).status).toBe(401);
  });

  it('takes scopes as text and as a list, and knows what they allow', async () => {
    expect(await statusOf(issuer.token({ scope: undefined, scp: ['recommendations:read'] }))).toBe(200);
    expect(await statusOf(issuer.token({ scope: 'events:write' }))).toBe(403);
    expect(await statusOf(issuer.token({ scope: undefined }))).toBe(403);
    expect(await statusOf(issuer.token({ scope: 'recommendations:readall' }))).toBe(403);
  });

  it('lets a token of one learner read that learner alone', async () => {
    const token = issuer.token({ learner: 'ada' });
    expect([await statusOf(token), await statusOf(token, '/v1/learners/ben/recommendations')]).toEqual([200, 403]);
    const strict = await serving({ access: { issuer: { url: issuer.url, audience: AUDIENCE, learnerClaim: 'sub' } } });
    expect((await get(await issuer.token({ sub: 'ben' }), PATH, strict)).status).toBe(403);
    expect((await get(await issuer.token({ sub: 'ada' }), PATH, strict)).status).toBe(200);
  });

  it('ends a stream when its token expires', async () => {
    // Clocks may differ by half a minute: the token is nearly that old.
    const stream = await get(await issuer.token({ exp: seconds(-22) }), `${PATH}/changes`);
    expect(stream.status).toBe(200);
    expect(await stream.text()).toContain('event: recommendations');
  });
});

describe('an issuer', () => {
  it('that is away is no reason to let somebody in, nor to call a token wrong', async () => {
    const other = await LocalIssuer.start();
    const reader = await serving({ access: { issuer: { url: other.url, audience: AUDIENCE } } });
    other.isAway = true;
    const response = await get(await other.token(), PATH, reader);
    expect([response.status, response.headers.get('retry-after'), await response.json()]).toEqual([
      503,
      '1',
      expect.objectContaining({ code: 'SFS_ISSUER_UNAVAILABLE', detail: 'what this needs is away for now; "code" says what' }),
    ]);
    other.isAway = false;
    await expect.poll(async () => (await get(await other.token(), PATH, reader)).status, { timeout: 30_000 }).toBe(200);
    other.isAway = true;
    expect((await get(await other.token(), PATH, reader)).status).toBe(200);
  });

  it('that is away ends no stream, but for those whose token has expired meanwhile', async () => {
    const other = await LocalIssuer.start();
    const reader = await serving({ access: { issuer: { url: other.url, audience: AUDIENCE } }, beatMs: 20 });
    const follow = async (exp: number): Promise<Response> => get(await other.token({ exp }), `${PATH}/changes`, reader);
    const [short, long] = [await follow(seconds(600)), await follow(seconds(3_600))];
    let hasEnded = false;
    void long.text().then(() => (hasEnded = true));
    other.isAway = true;
    // Later than the first of both expires, and than the keys of the issuer are kept.
    const laterMs = Date.now() + 660_000;
    const clock = vi.spyOn(Date, 'now').mockImplementation(() => laterMs);
    try {
      const asked = other.asked.length;
      expect(await short.text()).toContain('event: recommendations');
      await expect.poll(() => other.asked.length).toBeGreaterThan(asked + 2);
      expect(hasEnded).toBe(false);
    } finally {
      clock.mockRestore();
    }
  });

  it('that says it is another one is not trusted', async () => {
    const other = await LocalIssuer.start();
    other.saysIt = issuer.url;
    const reader = await serving({ access: { issuer: { url: other.url, audience: AUDIENCE } } });
    expect((await get(await other.token(), PATH, reader)).status).toBe(503);
  });

  it.each([
    ['http://issuer.example.org', AUDIENCE],
    ['issuer', AUDIENCE],
    ['https://issuer.example.org', ''],
  ])('is not reached at %s for "%s"', async (url, audience) => {
    await expect(serving({ access: { issuer: { url, audience } } })).rejects.toMatchObject({ code: 'SFS_ACCESS_INVALID' });
  });
});
