import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { describe, expect, it } from 'vitest';
import { redisCommand } from '../../../scripts/services/redisCommand.js';
import { SERVER_START_MS, ownServices } from '../../integration/servers.js';

describe('Redis', { timeout: SERVER_START_MS }, () => {
  it('answers, and forgets what it had when it is killed', async (context) => {
    const { redis, kafka, registry, servers } = await ownServices({ redis: 'single' }, context);
    const [server] = servers;
    expect([kafka, registry, redis!.url]).toEqual([null, null, `redis://${server!.address}`]);
    expect(await redisCommand(server!.port, ['SET', 'key', 'value'])).toMatch(/^\+OK/);
    await server!.restart();
    expect(await redisCommand(server!.port, ['GET', 'key'])).toMatch(/^\$-1/);
  });

  it('keeps what it had when it is killed, with an append-only file', async (context) => {
    const { servers } = await ownServices({ redis: 'single', appendOnly: true }, context);
    const [server] = servers;
    expect(await redisCommand(server!.port, ['SET', 'key', 'value'])).toMatch(/^\+OK/);
    await server!.kill();
    expect(await redisCommand(server!.port, ['GET', 'key'])).toBeNull();
    await server!.restart();
    expect(await redisCommand(server!.port, ['GET', 'key'])).toContain('value');
  });

  it('answers nothing while it is stopped, and goes on after that', async (context) => {
    const { servers } = await ownServices({ redis: 'single' }, context);
    const [server] = servers;
    server!.stop();
    const answer = redisCommand(server!.port, ['PING']);
    expect(await Promise.race([answer, sleep(500, 'nothing yet')])).toBe('nothing yet');
    server!.cont();
    expect(await answer).toMatch(/^\+PONG/);
  });

  it('has a replica that can be promoted', async (context) => {
    const { redis } = await ownServices({ redis: 'replicated' }, context);
    const [primary, replica] = redis!.servers;
    const client = new Redis(redis!.url);
    await client.set('key', 'value');
    expect(await client.wait(1, 60_000)).toBe(1);
    client.disconnect();
    expect(await redisCommand(replica!.port, ['SET', 'key', 'other'])).toMatch(/^-READONLY/);
    await primary!.kill();
    expect(await redisCommand(replica!.port, ['REPLICAOF', 'NO', 'ONE'])).toMatch(/^\+OK/);
    expect(await redisCommand(replica!.port, ['GET', 'key'])).toContain('value');
  });

  it('is a cluster of three whose slots are all served', async (context) => {
    const { redis } = await ownServices({ redis: 'cluster' }, context);
    const cluster = new Cluster(redis!.servers.map(({ port }) => ({ host: '127.0.0.1', port })));
    const keys = Array.from({ length: 50 }, (_, index) => `key-${index}`);
    await Promise.all(keys.map((key) => cluster.set(key, key)));
    expect(await Promise.all(keys.map((key) => cluster.get(key)))).toEqual(keys);
    const sizes = await Promise.all(redis!.servers.map(({ port }) => redisCommand(port, ['DBSIZE'])));
    cluster.disconnect();
    const counts = sizes.map((size) => Number(/:(\d+)/.exec(size!)![1]));
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(keys.length);
  });
});
