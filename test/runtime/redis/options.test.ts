import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { placeOf, type RedisOptions } from '../../../runtime/redis/options.js';

function errorOf(call: () => unknown): Error {
  try {
    call();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const region = 'eu-west';
const accepted = (options: Omit<RedisOptions, 'region'>): ReturnType<typeof placeOf> => placeOf({ region, ...options });

describe('the options of Redis', () => {
  it('are a URL, a host or the nodes of a cluster', () => {
    expect(accepted({ url: 'rediss://me:p%40ss@redis.example:7000/2' })).toMatchObject({
      nodes: [{ host: 'redis.example', port: 7000 }],
      cluster: false,
      address: 'redis.example:7000',
      username: 'me',
      password: 'p@ss',
      tls: {},
      database: 2,
    });
    expect(accepted({ url: 'redis://[::1]', password: 'secret' })).toMatchObject({
      nodes: [{ host: '::1', port: 6379 }],
      password: 'secret',
      tls: undefined,
    });
    expect(accepted({ host: 'redis.example', tls: { servername: 'x' } })).toMatchObject({
      address: 'redis.example:6379',
      tls: { servername: 'x' },
      timeoutMs: 30_000,
    });
    expect(accepted({ url: 'rediss://a', tls: { servername: 'x' } }).tls).toEqual({ servername: 'x' });
    const nodes = [1, 2].map((n) => ({ host: `redis-${n}`, port: 7000 }));
    expect(accepted({ nodes })).toMatchObject({ nodes, cluster: true, address: 'redis-1:7000, redis-2:7000' });
  });

  it.each<[string, Omit<RedisOptions, 'region'>]>([
    ['no place', {}],
    ['two places', { url: 'redis://a', host: 'b' }],
    ['a port without a host', { url: 'redis://a', port: 1 }],
    ['no node', { nodes: [] }],
    ['no host', { host: '' }],
    ['no port', { host: 'a', port: 70_000 }],
    ['another protocol', { url: 'http://a' }],
    ['no database', { url: 'redis://a/b' }],
    ['no time', { host: 'a', timeoutMs: 0 }],
    ['no number', { host: 'a', timeoutMs: NaN }],
  ])('are refused with %s', (_what, options) => {
    expect(() => accepted(options)).toThrow(expect.objectContaining({ code: 'SFS_REDIS_OPTION' }));
  });

  it('show the password in no error', () => {
    for (const url of ['redis//me:secret@host', 'redis://me:secret@host:99999', 'redis://me:secret@host/secret', 'amqp://me:secret@host']) {
      const error = errorOf(() => accepted({ url }));
      expect(inspect(error, { depth: 10 })).not.toContain('secret');
    }
  });
});
