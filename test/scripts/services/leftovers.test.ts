import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it, type TestContext } from 'vitest';
import { findJava } from '../../../scripts/services/java.js';
import { startServices } from '../../../scripts/services/index.js';
import { SERVER_START_MS } from '../../integration/servers.js';
import { leftovers, settledLeftovers, startScript } from './starterProcess.js';

const STARTER = 'test/scripts/services/children/starter.ts';
const ALL = JSON.stringify({ brokers: 1, redis: 'replicated', registry: true });
const REDIS = JSON.stringify({ redis: 'replicated' });

const work = mkdtempSync(join(tmpdir(), 'skillforge-leftovers-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

const needsLinux = (context: TestContext): void => context.skip(!existsSync('/proc/self'), 'processes are looked for in /proc');
const needsJava = (context: TestContext): void => context.skip(findJava() === null, 'Kafka and the registry need Java 17 or newer');

describe('no process and no folder is left', { timeout: SERVER_START_MS }, () => {
  it('after close()', async (context) => {
    needsLinux(context);
    const services = await startServices({ redis: 'cluster' });
    expect(leftovers(services.folder).length).toBeGreaterThan(3);
    await services.close();
    expect(existsSync(services.folder)).toBe(false);
    expect(services.servers.map(({ pid }) => pid)).toEqual([null, null, null]);
  });

  it('after a kill -9 of the process that started them', async (context) => {
    needsLinux(context);
    needsJava(context);
    const starter = startScript(STARTER, [ALL]);
    await starter.said('ready');
    expect(leftovers(starter.temporary).length).toBeGreaterThan(5);
    starter.process.kill('SIGKILL');
    expect(await settledLeftovers(starter.temporary)).toEqual([]);
  });

  it('after a kill -9 while they are starting', async (context) => {
    needsLinux(context);
    needsJava(context);
    const starter = startScript(STARTER, [ALL]);
    await starter.said('starting a Kafka broker');
    while (!leftovers(starter.temporary).some((line) => line.includes('java'))) await sleep(10);
    starter.process.kill('SIGKILL');
    expect(await settledLeftovers(starter.temporary)).toEqual([]);
  });

  it('after an end without close()', async (context) => {
    needsLinux(context);
    const starter = startScript(STARTER, [REDIS, 'ends']);
    expect(await starter.ended()).toBe(0);
    expect(starter.printed()).toContain('ready');
    expect(await settledLeftovers(starter.temporary)).toEqual([]);
  });

  it('after a start that failed, which shows the log', async (context) => {
    needsLinux(context);
    const bin = join(work, 'bin');
    mkdirSync(bin);
    writeFileSync(join(bin, 'redis-server'), '#!/bin/sh\necho "this is no Redis"\nexit 1\n', { mode: 0o755 });
    const starter = startScript(STARTER, [REDIS], { PATH: [bin, process.env['PATH']].join(delimiter) });
    expect(await starter.ended()).toBe(1);
    expect(starter.printed()).toContain('redis-primary ended instead of serving');
    expect(starter.printed()).toContain('this is no Redis');
    expect(await settledLeftovers(starter.temporary)).toEqual([]);
  });
});
