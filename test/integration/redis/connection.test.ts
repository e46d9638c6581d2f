import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { inspect } from 'node:util';
import type { Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { openRedis, type ClaimedTask } from '../../../runtime/redis/index.js';
import { batchOf, codeOf, manyPuts, put, TASK, timer, valuesOf, write } from './batches.js';
import { Proxy } from './proxy.js';
import { RedisUnderTest } from './server.js';

const redis = new RedisUnderTest('single');
const region = 'eu-west';

async function newTask(options: Parameters<typeof redis.open>[0] = {}): Promise<ClaimedTask> {
  const claimed = await (await redis.open(options)).claim(TASK);
  await claimed.recover(null);
  return claimed;
}

/** What a promise is rejected with. */
const errorOf = async (promise: Promise<unknown>): Promise<Error & { code?: string }> => {
  try {
    await promise;
  } catch (error) {
    return error as Error;
  }
  throw new Error('it was not rejected');
};

/** Ends every connection but its own, with pauses in which something may be done. */
class Killing {
  kills = 0;
  private ended = false;
  private readonly work: Promise<void>;

  constructor(client: Redis) {
    this.work = this.run(client);
    this.work.catch(() => undefined); // told by end()
  }

  end(): Promise<void> {
    this.ended = true;
    return this.work;
  }

  private async run(client: Redis): Promise<void> {
    while (!this.ended) {
      await sleep(Math.random() * 200);
      this.kills += Number(await client.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'));
    }
  }
}

describe('a connection that is lost', () => {
  it('in the middle of calls, again and again, changes nothing in what is written', async () => {
    const claimed = await newTask();
    const killing = new Killing(redis.client());
    let applied = Promise.resolve();
    let rounds = 0;
    while (killing.kills < 12) {
      const value = String(++rounds);
      const batch = batchOf([...manyPuts(1_300, value), put(`only-${value}`, 'x')], { queue: [timer(rounds, 'x', `p${value}`)] });
      await Promise.all([applied, claimed.stage(batch)]);
      applied = claimed.apply(batch.id);
    }
    await applied;
    await claimed.commit(batchOf([put('last', 'x')]));
    await killing.end();
    expect(await valuesOf(claimed, ['key-0', 'key-1299', 'only-1', `only-${rounds}`, 'last'])).toEqual([`${rounds}`, `${rounds}`, 'x', 'x', 'x']);
    expect((await claimed.queueHead(rounds + 1)).map(({ payload }) => String(payload))).toEqual(
      Array.from({ length: rounds }, (_, n) => `p${n + 1}`),
    );
  });

  it('in the middle of an apply, with the next stage behind it, does no harm', async () => {
    const proxy = await Proxy.start(redis.server.port);
    redis.closeAfter(proxy);
    const claimed = await newTask({ url: `redis://127.0.0.1:${proxy.port}` });
    for (let round = 0; round < 8; round++) {
      const [batch, next] = [batchOf(manyPuts(1_300, `${round}`)), batchOf(manyPuts(1_300, `${round}+`))];
      await claimed.stage(batch);
      const sent = Promise.all([claimed.apply(batch.id), claimed.stage(next)]);
      setTimeout(() => proxy.cut(), round);
      await sent;
      await claimed.apply(next.id);
      expect(await valuesOf(claimed, ['key-0', 'key-1299'])).toEqual([`${round}+`, `${round}+`]);
    }
  });
});

describe('a Redis that does not answer', () => {
  it('is given up after a time; a write that may still take effect is the last of its claim', async () => {
    const url = `redis://127.0.0.1:${redis.server.port}`;
    const name = redis.freshRegion();
    const state = await redis.open({ url, region: name, timeoutMs: 500 });
    const claimed = await state.claim(TASK);
    await claimed.recover(null);
    redis.server.stop();
    try {
      expect(await errorOf(claimed.queueHead(1))).toMatchObject({
        code: 'SFS_STATE_UNAVAILABLE',
        retriable: true,
        context: { address: redis.server.address },
      });
      expect(await codeOf(claimed.stage(batchOf([put('a', '1')])))).toBe('SFS_STATE_UNAVAILABLE');
    } finally {
      redis.server.cont();
    }
    expect(await codeOf(claimed.queueHead(1))).toBe('SFS_STATE_UNAVAILABLE');
    const patient = await redis.open({ url, region: name });
    expect(await codeOf(claimed.stage(batchOf([put('a', '1')])))).toBe('SFS_STATE_UNAVAILABLE');
    const next = await patient.claim(TASK);
    expect(await next.recover(null)).toMatchObject({ standing: 'new' });
    await write(next, batchOf([put('a', '2')]));
    expect(await valuesOf(next, ['a'])).toEqual(['2']);
  });

  it('is waited for while it restarts', async () => {
    const claimed = await newTask();
    await write(claimed, batchOf([put('a', '1')]));
    await redis.client().save();
    await redis.server.kill();
    const read = valuesOf(claimed, ['a']);
    await redis.server.restart();
    expect(await read).toEqual(['1']);
  });

  it('is told at once when nothing listens there', async () => {
    const error = await errorOf(openRedis({ region, url: 'redis://me:secret@127.0.0.1:1' }));
    expect(error).toMatchObject({ code: 'SFS_STATE_UNAVAILABLE', context: { address: '127.0.0.1:1' } });
    expect(error.message).toMatch(/127\.0\.0\.1:1.*ECONNREFUSED/);
    expect(inspect(error, { depth: 10 })).not.toContain('secret');
    const cluster = await errorOf(openRedis({ region, nodes: [{ host: '127.0.0.1', port: 1 }], password: 'secret' }));
    expect(cluster).toMatchObject({ code: 'SFS_STATE_UNAVAILABLE' });
    expect(inspect(cluster, { depth: 10 })).not.toContain('secret');
  });

  it('is told after the connection was closed', async () => {
    const state = await redis.open();
    await state.close();
    expect(await codeOf(state.documents.get('x'))).toBe('SFS_STATE_UNAVAILABLE');
  });
});

describe('access', () => {
  it('is by user and password; a refusal shows neither the password nor what was written', async () => {
    const admin = redis.client();
    await admin.call('ACL', 'SETUSER', 'worker', 'reset', 'on', '>secret', '~skillforge:*', '+@all', '-@dangerous', '+info');
    const address = { host: '127.0.0.1', port: redis.server.port, username: 'worker' };
    const claimed = await newTask({ ...address, password: 'secret' });
    await write(claimed, batchOf([put('a', '1')]));
    expect(await valuesOf(claimed, ['a'])).toEqual(['1']);
    expect((await claimed.scan('counts').next()).value).toMatchObject({ key: 'a' });

    const wrong = await errorOf(openRedis({ region, ...address, password: 'not-the-secret' }));
    expect(wrong).toMatchObject({ code: 'SFS_STATE_REFUSED' });
    expect(wrong.message).toContain('WRONGPASS');
    expect(inspect(wrong, { depth: 10 })).not.toContain('not-the-secret');

    const elsewhere = await redis.open({ ...address, password: 'secret', keyPrefix: 'other' });
    const refused = await errorOf(elsewhere.documents.put('name', Buffer.from('personal')));
    expect(refused).toMatchObject({ code: 'SFS_STATE_REFUSED' });
    expect(inspect(refused, { depth: 10 })).not.toMatch(/personal|secret/);
  });

  it('may be through TLS', async (context) => {
    const folder = mkdtempSync(join(tmpdir(), 'skillforge-tls-'));
    try {
      const made = makeCertificate(folder);
      context.skip(!made, 'openssl is not installed');
      const [key, cert] = ['key.pem', 'cert.pem'].map((name) => readFileSync(join(folder, name)));
      const proxy = await Proxy.start(redis.server.port, { key, cert });
      redis.closeAfter(proxy);
      const url = `rediss://localhost:${proxy.port}`;
      const host = { host: '127.0.0.1', port: proxy.port };
      const claimed = await newTask({ ...host, tls: { ca: cert, servername: 'localhost' } });
      await write(claimed, batchOf([put('a', '1')]));
      expect(await valuesOf(claimed, ['a'])).toEqual(['1']);
      expect(await codeOf(openRedis({ region, url }))).toBe('SFS_STATE_UNAVAILABLE'); // signed by nobody that is known
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** Whether there is an openssl to make one. */
function makeCertificate(folder: string): boolean {
  const words = ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'key.pem', '-out', 'cert.pem', '-days', '2', '-subj', '/CN=localhost'];
  try {
    execFileSync('openssl', [...words, '-addext', 'subjectAltName=DNS:localhost'], { cwd: folder, stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
