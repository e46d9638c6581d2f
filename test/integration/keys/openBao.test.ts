/** The key service of a transit engine against a real OpenBao: what the API says, who may do what, and what comes of a server that is away. */
import { execFile } from 'node:child_process';
import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { serviceOf } from '../../../runtime/keys/services.js';
import { TransitKeyService } from '../../../runtime/keys/transitKeyService.js';
import { errorCodeOf, errorMessageOf } from '../../../schemas/index.js';
import { programOf } from '../../../scripts/ml/python.js';
import { newFolder } from '../../fixtures/folders.js';
import { BaoKey, KEY, shownAs, shownPolicies } from './bao.js';
import { SLOW_MS, openBaoOfFile } from './ownOpenBao.js';
import { unexpected, watching } from './watching.js';

const SECRET = Buffer.from('a key of 32 bytes, or nearly so.');
const away = { code: 'SFS_KEYS_UNAVAILABLE', retriable: true };
const saying = (what: string): object => ({ code: 'SFS_KEY_SERVICE_REFUSED', message: expect.stringContaining(what) as string });

const running = openBaoOfFile(1);
let names = 0;
let key: BaoKey;
beforeEach(async () => void (key = await BaoKey.make(running.bao, `key-${++names}`)), SLOW_MS);

describe('a key of OpenBao', { timeout: SLOW_MS }, () => {
  it('is set up by the commands of the how-to, with a token that may do nothing else but renew itself', async () => {
    const folder = newFolder();
    const space = `how-to-${names}`;
    await key.asked('POST', `sys/namespaces/${space}`, {});
    writeFileSync(join(folder, `${KEY}.hcl`), shownPolicies()[0]);
    const { url, rootToken } = running.bao;
    const PATH = `${join(programOf('openbao', 'bao'), '..')}:${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH, HOME: folder, BAO_ADDR: url, BAO_TOKEN: rootToken, BAO_NAMESPACE: space };
    let printed = '';
    for (const line of shownAs('sh').join('\n').split('\n')) {
      const [program, ...args] = line.split(' ');
      printed = (await promisify(execFile)(program!, args, { env, cwd: folder })).stdout;
    }
    const token = printed.trim();
    const service = new TransitKeyService({ url: `${url}/v1/${space}/transit/keys/${KEY}`, token: { text: token } });
    expect(await service.unwrap(await service.wrap(SECRET))).toEqual(SECRET);
    await expect(service.rotate()).rejects.toMatchObject(saying('403: '));
    for (const path of [`transit/keys/${KEY}`, 'transit/keys?list=true', `transit/export/encryption-key/${KEY}`, 'sys/mounts'])
      expect([path, (await fetch(`${url}/v1/${space}/${path}`, { headers: { 'x-vault-token': token } })).status]).toEqual([path, 403]);
    // But to renew itself, which the policy `default` allows.
    const renewed = await fetch(`${url}/v1/${space}/auth/token/renew-self`, { method: 'POST', headers: { 'x-vault-token': token } });
    expect([renewed.status, ((await renewed.json()) as { auth: { lease_duration: number } }).auth.lease_duration]).toEqual([200, 86_400]);
  });

  it('unwraps what any of its versions wrapped, whoever made them', async () => {
    const service = await key.service({ may: 'rotate' });
    const first = await service.wrap(SECRET);
    await service.rotate();
    const second = await service.wrap(SECRET);
    await key.rotate();
    const third = await service.wrap(SECRET);
    expect([first, second, third].map((text) => text.slice(0, 9))).toEqual(['vault:v1:', 'vault:v2:', 'vault:v3:']);
    for (const wrapped of [first, second, third]) {
      expect(Buffer.from(wrapped.slice(9), 'base64').includes(SECRET)).toBe(false);
      expect(await service.unwrap(wrapped)).toEqual(SECRET);
    }
  });

  it('refuses what another key wrapped, what was changed, what is no text of it, and versions that it never had', async () => {
    const service = await key.service({}, { settleMs: 100 });
    const wrapped = await service.wrap(SECRET);
    const other = await (await BaoKey.make(running.bao, `other-${names}`)).service();
    await expect(service.unwrap(await other.wrap(SECRET))).rejects.toMatchObject(saying('400: cipher: message authentication failed'));
    const changed = `${wrapped.slice(0, -8)}${wrapped.includes('AAAA', wrapped.length - 8) ? 'BBBB' : 'AAAA'}${wrapped.slice(-4)}`;
    await expect(service.unwrap(changed)).rejects.toMatchObject(saying('400: cipher: message authentication failed'));
    await expect(service.unwrap('nonsense')).rejects.toMatchObject(saying('400: invalid ciphertext: no prefix'));
    await expect(service.unwrap(wrapped.replace('v1', 'v7'))).rejects.toMatchObject(saying('400: invalid ciphertext: version is too new'));
  });

  it('refuses what older versions wrapped once they are forbidden, until they are allowed again', async () => {
    const service = await key.service({ may: 'rotate' });
    const old = await service.wrap(SECRET);
    await service.rotate();
    await key.forbidBefore(2);
    await expect(service.unwrap(old)).rejects.toMatchObject(saying('400: ciphertext or signature version is disallowed by policy (too old)'));
    expect(await service.unwrap(await service.wrap(SECRET))).toEqual(SECRET);
    await key.forbidBefore(1);
    expect(await service.unwrap(old)).toEqual(SECRET);
  });

  it('that is not there is refused, and made by nobody whose token may only update', async () => {
    const before = await key.names();
    const at = (name: string, token: string): TransitKeyService =>
      new TransitKeyService({ url: key.url.replace(`/${key.name}`, `/${name}`), token: { text: token } });
    await expect(at('mistyped', await key.token()).wrap(SECRET)).rejects.toMatchObject(saying('403: '));
    await expect(at('mistyped', running.bao.rootToken).unwrap('vault:v1:AAAA')).rejects.toMatchObject(saying('400: encryption key not found'));
    expect(await key.names()).toEqual(before);
    // Why the how-to warns of it.
    await at('mistyped', await key.token({ may: 'create' })).wrap(SECRET);
    expect(await key.names()).toContain('mistyped');
    const elsewhere = new TransitKeyService({ url: key.url.replace('/transit/', '/elsewhere/'), token: { text: running.bao.rootToken } });
    await expect(elsewhere.wrap(SECRET)).rejects.toMatchObject(saying('404: no handler for route'));
  });

  it('may be behind a longer path: a namespace, and a mount of another name', async () => {
    const space = `team-${names}`;
    await key.asked('POST', `sys/namespaces/${space}`, {});
    await key.asked('POST', `${space}/sys/mounts/deep/transit`, { type: 'transit' });
    await key.asked('POST', `${space}/deep/transit/keys/own`, {});
    const service = new TransitKeyService({ url: `${running.bao.url}/v1/${space}/deep/transit/keys/own`, token: { text: running.bao.rootToken } });
    expect(await service.unwrap(await service.wrap(SECRET))).toEqual(SECRET);
  });
});

describe('a token of OpenBao', { timeout: SLOW_MS }, () => {
  it('that is unknown, revoked, over or without rights is refused, in words of the server', async () => {
    const token = await key.token();
    const service = new TransitKeyService({ url: key.url, token: { text: token } });
    await service.wrap(SECRET);
    await key.revoke(token);
    await expect(service.wrap(SECRET)).rejects.toMatchObject(saying('403: permission denied'));
    const short = await key.service({ ttl: '1s' });
    await sleep(2_000);
    await expect(short.wrap(SECRET)).rejects.toMatchObject(saying('403: permission denied'));
    await expect((await key.service({ may: 'nothing' })).wrap(SECRET)).rejects.toMatchObject(saying('permission denied'));
    const reading = await key.service({ may: 'decrypt' });
    expect(await reading.unwrap(await (await key.service()).wrap(SECRET))).toEqual(SECRET);
    await expect(reading.wrap(SECRET)).rejects.toMatchObject(saying('permission denied'));
    for (const text of ['wrong', 's.AAAAAAAAAAAAAAAAAAAAAAAA'])
      await expect(new TransitKeyService({ url: key.url, token: { text } }).wrap(SECRET)).rejects.toMatchObject(saying('403: '));
    await expect(serviceOf({ url: key.url }).wrap(SECRET)).rejects.toMatchObject(saying('SKILLFORGE_KEYS_TOKEN'));
  });

  it('is read anew from its file, so that another one takes over', async () => {
    const file = await key.tokenFile({ ttl: '1s' });
    const service = new TransitKeyService({ url: key.url, token: { file } });
    const wrapped = await service.wrap(SECRET);
    await sleep(2_000);
    await expect(service.unwrap(wrapped)).rejects.toMatchObject(saying('403: '));
    writeFileSync(file, await key.token());
    expect(await service.unwrap(wrapped)).toEqual(SECRET);
    chmodSync(file, 0o640);
    await expect(service.unwrap(wrapped)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
    rmSync(file);
    await expect(service.unwrap(wrapped)).rejects.toMatchObject({ code: 'SFS_KEY_FILE' });
  });

  it('over its quota counts as a server that is away', async () => {
    const service = await key.service();
    const quota = `sys/quotas/rate-limit/${key.name}`;
    await key.asked('POST', quota, { path: 'transit/', rate: 0.1, interval: '1m' });
    try {
      const ends = await Promise.allSettled([1, 2, 3].map(() => service.wrap(SECRET)));
      const reasons = ends.flatMap((end) => (end.status === 'rejected' ? [end.reason as unknown] : []));
      expect(reasons.length).toBeGreaterThan(0);
      for (const reason of reasons) expect(reason).toMatchObject({ ...away, message: expect.stringContaining('429') as string });
    } finally {
      await key.asked('DELETE', quota);
    }
    expect(await service.unwrap(await service.wrap(SECRET))).toEqual(SECRET);
  });
});

describe('an OpenBao that does not serve', { timeout: SLOW_MS }, () => {
  it('while it is sealed, stopped or gone is away, and nothing else; then the same service goes on', async () => {
    const [server] = running.bao.servers;
    const service = await key.service({}, { timeoutMs: 500 });
    const wrapped = await service.wrap(SECRET);
    const said = watching(() => service.unwrap(wrapped));
    await key.asked('PUT', 'sys/seal');
    await expect(service.unwrap(wrapped)).rejects.toMatchObject({ ...away, message: expect.stringContaining('503: Vault is sealed') as string });
    await running.bao.unseal(server!);
    expect(await service.unwrap(wrapped)).toEqual(SECRET);
    server!.stop();
    // What it was just answering may still come.
    await expect.poll(() => service.unwrap(wrapped).then(String, errorMessageOf)).toContain('timeout');
    await expect(service.unwrap(wrapped)).rejects.toMatchObject(away);
    server!.cont();
    await expect.poll(() => service.unwrap(wrapped).catch(errorCodeOf)).toEqual(SECRET);
    await server!.kill();
    await expect(service.unwrap(wrapped)).rejects.toMatchObject(away);
    await server!.restart();
    await expect(service.unwrap(wrapped)).rejects.toMatchObject({ ...away, message: expect.stringContaining('503') as string });
    await running.bao.unseal(server!);
    expect(await service.unwrap(wrapped)).toEqual(SECRET);
    expect(unexpected(await said())).toEqual([]);
  });
});
