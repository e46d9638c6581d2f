/** `skillforge reader`, with keys. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { readKeys } from '../../reader/index.js';
import { markerIdOf } from '../../runtime/engine/header.js';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { accessOf, openDoorWarning } from '../../scripts/commands/readerOptions.js';
import { runCli, startCli, type CliChild } from './commands/cliProcess.js';
import { newFolder } from '../fixtures/folders.js';

/** Three programs are started. */
const SLOW_MS = 180_000;

const children: CliChild[] = [];
afterAll(() => children.forEach(({ process: child }) => child.kill('SIGKILL')));

async function serve(args: readonly string[]): Promise<{ readonly child: CliChild; readonly url: string }> {
  const child = startCli(['reader', 'serve', '--port', '0', '--json', ...args]);
  children.push(child);
  let printed = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  const ended = child.result.then(({ stderr }) => Promise.reject(new Error(stderr)));
  while (!printed.includes('"ready"')) await Promise.race([once(child.process.stdout!, 'data'), ended]);
  ended.catch(() => undefined);
  return { child, url: (JSON.parse(printed.split('\n')[0]!) as { url: string }).url };
}

describe('skillforge reader keys', () => {
  it('makes keys that a reader takes, until they are revoked', { timeout: SLOW_MS }, async () => {
    const data = newFolder();
    await (await openEmbedded(data, { markerIdOf })).close();
    const keys = (...args: string[]): ReturnType<typeof runCli> => runCli(['reader', 'keys', ...args, '--data', data, '--json']);
    const scopes = 'recommendations:read,console:read';
    const { id, key, file } = (await keys('add', '--label', 'app', '--scopes', scopes, '--rate-limit', '100', '--days', '30')).json<{
      id: string;
      key: string;
      file: string;
    }>();
    expect(file).toBe(join(data, 'reader', 'keys.json'));
    expect(readFileSync(file, 'utf8')).not.toContain(key.split('_')[2]);
    const { child, url } = await serve(['--data', data, '--keys', '--metrics', '--rate-limit', '1000', '--origins', 'https://app.example.org']);
    const asked = async (shown: string, path = '/v1/learners/ada/recommendations'): Promise<number> =>
      (await fetch(url + path, { headers: { authorization: `Bearer ${shown}` } })).status;
    expect([await asked('none'), await asked(key), await asked(key, '/metrics')]).toEqual([401, 200, 200]);
    expect(readKeys(file)).toMatchObject([{ id, label: 'app', scopes: scopes.split(','), learner: null, perMinute: 100 }]);
    expect((await keys('revoke', id, '000000000000')).json()).toEqual({ revoked: [id] });
    await expect.poll(() => asked(key), { timeout: 30_000 }).toBe(401);
    child.process.kill('SIGTERM');
    expect(await child.result).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('options of access', () => {
  const data = '/somewhere';

  it('name the file beside the view, another file, an issuer', () => {
    expect(accessOf({ data })).toEqual({});
    expect(accessOf({ data, keys: true })).toEqual({ access: { keyFile: join(data, 'reader', 'keys.json') } });
    expect(accessOf({ data, view: '/v', keys: true })).toEqual({ access: { keyFile: '/v/keys.json' } });
    expect(accessOf({ data, keys: '/k.json', rateLimit: 9, origins: ['https://a'] })).toEqual({
      access: { keyFile: '/k.json' },
      perMinute: 9,
      origins: ['https://a'],
    });
    const issuer = { url: 'https://login.example.org', audience: 'reader', learnerClaim: 'sub' };
    expect(accessOf({ data, issuer: issuer.url, audience: 'reader', learnerClaim: 'sub' })).toEqual({ access: { issuer } });
    expect(() => accessOf({ data, issuer: issuer.url })).toThrow('--issuer needs --audience');
  });

  it('warn aloud when everybody who reaches the reader is served', () => {
    expect(openDoorWarning({ host: '0.0.0.0' })).toMatch(/^WARNING: whoever reaches 0\.0\.0\.0 can read/);
    for (const host of ['127.0.0.1', '127.9.9.9', '::1', '[::1]', 'localhost']) expect(openDoorWarning({ host }), host).toBe(null);
    expect(openDoorWarning({ host: '::' })).not.toBe(null);
    expect(openDoorWarning({ host: '127.0.0.1.example.org' })).not.toBe(null);
    expect(openDoorWarning({ host: '0.0.0.0', keys: true })).toBe(null);
    expect(openDoorWarning({ host: '0.0.0.0', issuer: 'https://login.example.org' })).toBe(null);
  });
});
