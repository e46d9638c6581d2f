import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST, withFreePorts } from '../../../scripts/services/freePorts.js';
import { SkillForgeError } from '../../../schemas/index.js';

const taken = new SkillForgeError('SFS_SERVICE_FAILED', 'Address already in use', { context: { portTaken: true } });
const squatter = createServer();
let first: readonly number[];

beforeAll(async () => {
  first = await withFreePorts(2, (ports) => Promise.resolve(ports));
  await new Promise<void>((resolve) => squatter.listen(first[0]! + 1, HOST, resolve).once('error', () => resolve()));
});
afterAll(() => void squatter.close());

describe('free ports', () => {
  it('lie below those that the kernel gives to outgoing connections', () => {
    expect(Math.min(...first)).toBeGreaterThanOrEqual(18_000);
    expect(Math.max(...first)).toBeLessThan(32_768);
  });

  it('are others each time, and none that somebody listens on', async () => {
    const all: number[] = [...first];
    for (let round = 0; round < 20; round++) all.push(...(await withFreePorts(10, (ports) => Promise.resolve(ports))));
    expect(new Set(all).size).toBe(202);
    expect(all.slice(2)).not.toContain(first[0]! + 1);
  });

  it('are others again where one was taken before the server listened', async () => {
    const tried: number[] = [];
    const port = await withFreePorts(1, ([one]) => {
      tried.push(one!);
      return tried.length < 3 ? Promise.reject(taken) : Promise.resolve(one);
    });
    expect(tried).toHaveLength(3);
    expect(new Set(tried).size).toBe(3);
    expect(port).toBe(tried[2]);
  });

  it('do not help a server that fails for another reason, or each time', async () => {
    const other = new SkillForgeError('SFS_SERVICE_FAILED', 'no memory');
    await expect(withFreePorts(1, () => Promise.reject(other))).rejects.toBe(other);
    await expect(withFreePorts(1, () => Promise.reject(taken))).rejects.toBe(taken);
  });
});
