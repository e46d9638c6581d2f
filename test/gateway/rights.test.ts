/** What learners ask for by right, over HTTP: who may ask, of whom, and what is written. */
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newKey, writeKeys, type KeyGrant } from '../../reader/index.js';
import { LocalIssuer } from '../reader/issuer.js';
import { newFolder } from '../fixtures/folders.js';
import { Door, NOW_MS, REGION, click, problem, type Answer, type Setting } from './gateways.js';

const ADA = 'mailto:ada@example.org';
const NOBODY = 'mailto:nobody@example.org';
const UNGIVEN = { scopes: ['events:write'], learner: null, perMinute: null, createdAtMs: NOW_MS, expiresAtMs: null } as const;

/** Keys of a file by their labels. */
function keysOf(grants: Readonly<Record<string, Partial<KeyGrant>>>): { readonly keyFile: string; readonly keys: Readonly<Record<string, string>> } {
  const made = Object.entries(grants).map(([label, grant]) => ({ label, ...newKey({ ...UNGIVEN, label, ...grant }) }));
  const keyFile = join(newFolder(), 'keys.json');
  writeKeys(
    keyFile,
    made.map(({ entry }) => entry),
  );
  return { keyFile, keys: Object.fromEntries(made.map(({ label, key }) => [label, key])) };
}

const { keyFile, keys } = keysOf({
  office: { scopes: ['rights:write'] },
  lms: {},
  both: { scopes: ['rights:write', 'events:write'] },
  pupil: { scopes: ['rights:write'], learner: 'ada' },
});

const bearer = (key: string | undefined): Record<string, string> => (key === undefined ? {} : { authorization: `Bearer ${key}` });
const pathOf = (learner: string): string => `/v1/learners/${encodeURIComponent(learner)}/rights`;

function ask(door: Door, body: unknown, { learner = ADA, key = keys['office'], more = {} }: Asked = {}): Promise<Answer> {
  return door.ask('POST', pathOf(learner), body, { ...bearer(key), ...more });
}

interface Asked {
  readonly learner?: string;
  readonly key?: string;
  readonly more?: Record<string, string>;
}

const requestIn = ({ json }: Answer): string => (json as { readonly request: string }).request;
const state = (door: Door, request: string, key = keys['office']): Promise<Answer> =>
  door.ask('GET', `/v1/rights/${request}`, undefined, bearer(key));
const written = (door: Door): number => door.records('rights-requests').length + door.records('rights-outcomes').length;

async function opened(setting: Setting = {}): Promise<Door> {
  const door = await Door.open({ access: { keyFile }, ...setting });
  expect((await door.post(click('known'), bearer(keys['both']))).status).toBe(200);
  return door;
}

describe('a gateway that is asked for a right', () => {
  let door: Door;
  beforeAll(async () => {
    door = await opened();
  });
  afterAll(() => door.close());

  it('writes the request under the pseudonym, says where to ask, and tells that it was taken', async () => {
    const body = { kind: 'object', occurredAtMs: NOW_MS - 5 };
    const answer = await ask(door, body);
    const request = requestIn(answer);
    expect([answer.status, answer.headers['location'], answer.json]).toEqual([
      202,
      `/v1/rights/${request}`,
      { request, address: `/v1/rights/${request}` },
    ]);
    const found = door.records('rights-requests').find(({ value }) => value.eventId === request)!;
    const learner = door.identities.find(ADA)!;
    const common = { eventId: request, learner, occurredAtMs: NOW_MS - 5, region: REGION };
    expect(found).toEqual({ key: learner, value: { ...common, personal: { kind: 'OBJECT', withdraw: false } } });
    const nothing = { code: null, file: null, sha256: null };
    expect([(await state(door, request)).status, (await state(door, request)).json]).toEqual([
      200,
      { request, state: 'RECEIVED', updatedAtMs: NOW_MS, ...nothing },
    ]);
    const withdrawn = requestIn(await ask(door, { kind: 'consent', withdraw: true }));
    const later = door.records('rights-requests').find(({ value }) => value.eventId === withdrawn)!;
    expect(later.value).toMatchObject({ occurredAtMs: NOW_MS, personal: { kind: 'CONSENT', withdraw: true } });
    expect(JSON.stringify(door.lines)).not.toContain('ada');
  });

  it('writes nothing of one whom it does not know, and gives them no pseudonym', async () => {
    const before = written(door);
    expect(problem(await ask(door, { kind: 'erase' }, { learner: NOBODY }))).toEqual([404, 'SFS_LEARNER_UNKNOWN']);
    expect([door.identities.find(NOBODY), written(door)]).toEqual([null, before]);
    expect(problem(await state(door, 'none'))).toEqual([404, 'SFS_RIGHTS_UNKNOWN']);
  });

  it('takes a request once that comes again under its key, also in another process, and refuses another one under it', async () => {
    const more = { 'idempotency-key': 'ticket-7' };
    // An event under the same key is another thing.
    const event = { ...click('x'), eventId: undefined };
    expect((await door.post(event, { ...bearer(keys['both']), ...more })).status).toBe(200);
    const first = await ask(door, { kind: 'erase' }, { more });
    const before = written(door);
    await door.restart();
    const again = await ask(door, { kind: 'erase' }, { more });
    expect([first.status, again.status, requestIn(again)]).toEqual([202, 202, requestIn(first)]);
    expect(problem(await ask(door, { kind: 'export' }, { more }))).toEqual([409, 'SFS_EVENT_CONFLICT']);
    expect(written(door)).toBe(before);
    expect((await state(door, requestIn(first))).status).toBe(200);
  });

  it('takes requests in the form of the description alone, and names what it refuses', async () => {
    const before = written(door);
    const refused = async (body: unknown): Promise<unknown> => problem(await ask(door, body));
    expect(await refused({ kind: 'forget' })).toEqual([400, 'SFS_EVENT_INVALID', 'kind']);
    expect(await refused({ kind: 'constructor' })).toEqual([400, 'SFS_EVENT_INVALID', 'kind']);
    expect(await refused({})).toEqual([400, 'SFS_EVENT_INVALID', 'kind']);
    expect(await refused([{ kind: 'erase' }])).toEqual([400, 'SFS_EVENT_INVALID', 'body']);
    expect(await refused({ kind: 'erase', withdraw: true })).toEqual([400, 'SFS_EVENT_INVALID', 'withdraw']);
    expect(await refused({ kind: 'object', withdraw: 'no' })).toEqual([400, 'SFS_EVENT_INVALID', 'withdraw']);
    expect(await refused({ kind: 'object', occurredAtMs: -1 })).toEqual([400, 'SFS_EVENT_INVALID', 'occurredAtMs']);
    expect(await refused({ kind: 'erase', reason: 'asked' })).toEqual([400, 'SFS_FIELD_REFUSED', 'reason']);
    expect(await refused('{')).toEqual([400, 'SFS_REQUEST_INVALID']);
    expect(problem(await door.post({ topic: 'rights-requests', learner: ADA }, bearer(keys['both'])))).toEqual([400, 'SFS_EVENT_INVALID', 'topic']);
    expect(written(door)).toBe(before);
  });

  it('lets those in alone whose key has the scope and is of no single learner, for the state too', async () => {
    const before = written(door);
    const request = requestIn(await ask(door, { kind: 'export' }));
    for (const key of [keys['lms'], keys['pupil']]) {
      expect(problem(await ask(door, { kind: 'erase' }, { key: key! }))).toEqual([403, 'SFS_FORBIDDEN']);
      expect(problem(await state(door, request, key))).toEqual([403, 'SFS_FORBIDDEN']);
    }
    expect(problem(await door.ask('POST', pathOf(ADA), { kind: 'erase' }))).toEqual([401, 'SFS_UNAUTHENTICATED']);
    expect(problem(await door.ask('GET', `/v1/rights/${request}`))).toEqual([401, 'SFS_UNAUTHENTICATED']);
    // The other way round, too.
    expect(problem(await door.post(click('by-office'), bearer(keys['office'])))).toEqual([403, 'SFS_FORBIDDEN']);
    expect(written(door)).toBe(before + 2);
  });

  it('is described', async () => {
    const { paths } = (await door.ask('GET', '/openapi.json')).json as { readonly paths: Readonly<Record<string, object>> };
    expect(Object.keys(paths)).toEqual(expect.arrayContaining(['/v1/learners/{learner}/rights', '/v1/rights/{request}']));
  });
});

describe('requests for rights', () => {
  it('are taken of nobody where nobody is asked who they are', async () => {
    const door = await Door.open();
    await door.post(click('known'));
    expect(problem(await ask(door, { kind: 'erase' }))).toEqual([403, 'SFS_FORBIDDEN']);
    expect(problem(await state(door, 'any'))).toEqual([403, 'SFS_FORBIDDEN']);
    expect(written(door)).toBe(0);
    await door.close();
  });

  it('are taken by a token with the scope', async () => {
    const issuer = await LocalIssuer.start();
    const door = await opened();
    await door.restart({ access: { issuer: { url: issuer.url, audience: 'gateway' } } });
    const token = (scope: string): Promise<string> => issuer.token({ aud: 'gateway', scope });
    expect((await ask(door, { kind: 'erase' }, { key: await token('openid rights:write') })).status).toBe(202);
    expect(problem(await ask(door, { kind: 'erase' }, { key: await token('openid events:write') }))).toEqual([403, 'SFS_FORBIDDEN']);
    await door.close();
  });

  it('are sent to the region where the learner is', async () => {
    const door = await opened({ elsewhere: new Map([['https://lms.us.example/', 'us-east']]) });
    const learner = 'https://lms.us.example/ 42';
    expect((await ask(door, { kind: 'erase' }, { learner })).json).toMatchObject({ status: 421, code: 'SFS_REGION_OTHER', region: 'us-east' });
    const longest = `mailto:${'ü'.repeat(1_017)}`;
    expect(problem(await ask(door, { kind: 'erase' }, { learner: longest }))).toEqual([404, 'SFS_LEARNER_UNKNOWN']);
    expect(written(door)).toBe(0);
    await door.close();
  });
});
