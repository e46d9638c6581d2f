import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FileKeyService, makeKeyFile } from '../../../runtime/keys/fileKeyService.js';
import { TransitKeyService } from '../../../runtime/keys/transitKeyService.js';
import type { KeyService } from '../../../schemas/index.js';
import { TOKEN, transitServer, type TransitServer } from './transitServer.js';
import { newFolder } from '../../fixtures/folders.js';

const SECRET = Buffer.from('a key of 32 bytes, or nearly so.');

let server: TransitServer;
beforeEach(async () => void (server = await transitServer()));
afterEach(() => server.close());

function keyFile(): string {
  const path = join(newFolder(), 'kek.json');
  makeKeyFile(path);
  return path;
}

const transit = (options: Partial<ConstructorParameters<typeof TransitKeyService>[0]> = {}): TransitKeyService =>
  new TransitKeyService({ url: server.url, token: { text: TOKEN }, settleMs: 200, ...options });

describe.each<[string, () => KeyService]>([
  ['a file', () => new FileKeyService(keyFile())],
  ['a transit engine', () => transit()],
])('a key service of %s', (_, open) => {
  it('unwraps what any of its versions wrapped, and shows nothing of it', async () => {
    const service = open();
    const first = await service.wrap(SECRET);
    await service.rotate();
    const second = await service.wrap(SECRET);
    expect([first, second].map((text) => /v([12]):/.exec(text)?.[1])).toEqual(['1', '2']);
    for (const wrapped of [first, second]) {
      expect(Buffer.from(wrapped.split(':').at(-1)!, 'base64').includes(SECRET)).toBe(false);
      expect(await service.unwrap(wrapped)).toEqual(SECRET);
    }
    expect(await service.wrap(SECRET)).not.toBe(second);
  });

  it('refuses what another key wrapped, and what was changed', async () => {
    const wrapped = await open().wrap(SECRET);
    const head = wrapped.slice(0, -4);
    for (const text of [`${head}${wrapped.endsWith('AAAA') ? 'BBBB' : 'AAAA'}`, wrapped.replace(/v1/, 'v7'), 'nonsense'])
      await expect(open().unwrap(text)).rejects.toMatchObject({ code: 'SFS_KEY_SERVICE_REFUSED' });
  });
});

describe('FileKeyService', () => {
  it('makes a file that nobody else may read, and refuses one that others may', async () => {
    const path = keyFile();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    for (const mode of [0o640, 0o604]) {
      chmodSync(path, mode);
      await expect(new FileKeyService(path).wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
    }
    chmodSync(path, 0o400);
    await expect(new FileKeyService(path).wrap(SECRET)).resolves.toBeTypeOf('string');
  });

  it.each(['', '{}', '{"format":"skillforge-kek/1","current":2,"keys":{"1":"AAAA"}}'])('refuses a file with %j', async (text) => {
    const path = keyFile();
    writeFileSync(path, text);
    await expect(new FileKeyService(path).wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
  });

  it('says when its file is not there', async () => {
    await expect(new FileKeyService(join(newFolder(), 'none')).unwrap('v1:AA')).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
  });

  it('keeps older versions when it rotates', async () => {
    const path = keyFile();
    await new FileKeyService(path).rotate();
    expect(Object.keys((JSON.parse(readFileSync(path, 'utf8')) as { keys: object }).keys)).toEqual(['1', '2']);
  });
});

describe('TransitKeyService', () => {
  it('asks as the API has it', async () => {
    const service = transit();
    await service.unwrap(await service.wrap(SECRET));
    await service.rotate();
    expect(server.asked).toEqual([
      'POST /v1/transit/encrypt/skillforge',
      'POST /v1/transit/decrypt/skillforge',
      'POST /v1/transit/keys/skillforge/rotate',
    ]);
  });

  it('tells a server that does not serve now from one that refuses', async () => {
    server.mode = 'sealed';
    await expect(transit().wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    server.mode = 'leaderless';
    await expect(transit().wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    server.mode = 'hanging';
    await expect(transit({ timeoutMs: 200 }).wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    server.mode = 'garbled';
    await expect(transit().wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEY_SERVICE_REFUSED' });
    server.mode = 'serving';
    await expect(transit({ token: { text: 'wrong' } }).wrap(SECRET)).rejects.toMatchObject({
      code: 'SFS_KEY_SERVICE_REFUSED',
      message: expect.stringContaining('permission denied') as string,
    });
    const { url } = server;
    await server.close();
    await expect(transit({ url }).wrap(SECRET)).rejects.toMatchObject({
      code: 'SFS_KEYS_UNAVAILABLE',
      message: expect.not.stringContaining('fetch failed') as string,
    });
  });

  it('wraps with the version that it has made, and opens one that another process has made, although a standby has not heard of it yet', async () => {
    const service = transit();
    await service.rotate();
    server.behind = 2;
    const wrapped = await service.wrap(SECRET);
    expect(wrapped).toMatch(/^vault:v2:/);
    server.behind = 2;
    expect(await transit().unwrap(wrapped)).toEqual(SECRET);
    expect(server.asked.length).toBe(1 + 3 + 3);
  });

  it('does not wrap with an older version, however long a standby lags', async () => {
    const service = transit();
    await service.rotate();
    server.behind = Infinity;
    await expect(service.wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
  });

  it('shows nothing of what it takes for a token', async () => {
    const secret = 'hvs.nobody-may-see-this';
    const text = `${secret}\nand its accessor`;
    const file = join(newFolder(), 'token');
    writeFileSync(file, text, { mode: 0o600 });
    for (const [token, code] of [
      [{ file }, 'SFS_KEY_FILE'],
      [{ text }, 'SFS_KEY_SERVICE_REFUSED'],
    ] as const) {
      const error: unknown = await transit({ token })
        .wrap(SECRET)
        .catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code });
      expect(inspect(error)).not.toContain(secret);
    }
  });

  it('says that there is no token', async () => {
    await expect(transit({ token: { text: '' } }).wrap(SECRET)).rejects.toMatchObject({
      code: 'SFS_KEY_SERVICE_REFUSED',
      message: expect.stringContaining('SKILLFORGE_KEYS_TOKEN') as string,
    });
    const file = join(newFolder(), 'token');
    writeFileSync(file, '\n', { mode: 0o600 });
    await expect(transit({ token: { file } }).wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
  });

  it('reads its token from a file that nobody else may read', async () => {
    const file = join(newFolder(), 'token');
    writeFileSync(file, `${TOKEN}\n`, { mode: 0o600 });
    await expect(transit({ token: { file } }).wrap(SECRET)).resolves.toMatch(/^vault:v1:/);
    chmodSync(file, 0o644);
    await expect(transit({ token: { file } }).wrap(SECRET)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
  });

  it.each(['http://vault:8200/v1/transit/keys/k', 'https://vault:8200/transit/keys/k', 'https://vault:8200/v1/transit/k', 'ftp://x', 'no'])(
    'refuses %s',
    (url) => {
      expect(() => transit({ url })).toThrow(expect.objectContaining({ code: 'SFS_KEY_SERVICE_URL' }) as Error);
    },
  );
});
