/** Topologies on a real Kafka and a real Redis leave what a storage in memory does, whoever runs them; `../faults` kills them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import type { MemoryStorage } from '../../../runtime/testing/index.js';
import { startCli } from '../../scripts/commands/cliProcess.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import {
  differencesOf,
  expectedOf,
  newRegion,
  openOn,
  resultsInCluster,
  resultsInMemory,
  sendInput,
  type OpenCluster,
  type Results,
  type Servers,
} from './replica.js';
import { end, starter } from './workers.js';

const DEADLINE_MS = 300_000;

/** The results, looked at until they are as expected or time is up: every value once, in its order. */
async function differencesAtRest(opened: OpenCluster, storage: MemoryStorage, expected: Results): Promise<string[]> {
  for (const until = Date.now() + DEADLINE_MS; ; await sleep(1000)) {
    const different = differencesOf(expected, await resultsInCluster(opened, storage));
    if (different.length === 0 || Date.now() > until) return different;
  }
}

/** What a test begins with: the input on the cluster, and the results that it should have. */
async function prepared(context: TestContext, clicksPerDay: number) {
  const servers: Servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
  const region = newRegion();
  const storage = await expectedOf({ seed: 5, days: 9, clicksPerDay, learners: 60, region });
  const expected = await resultsInMemory(storage);
  expect(expected.size).toBeGreaterThan(100);
  const opened = await openOn(servers, region);
  context.onTestFinished(() => opened.close());
  await sendInput(storage, opened);
  const start = starter(context, servers, region);
  return { opened, storage, expected, start, servers, region };
}

describe('topologies on Kafka and Redis', { timeout: SERVER_START_MS + 2 * DEADLINE_MS }, () => {
  it('leave what a storage in memory does, also when one worker becomes two and one again', async (context) => {
    const { opened, storage, expected, start } = await prepared(context, 400);
    const first = await start();
    await sleep(3000);
    const second = await start();
    await sleep(3000);
    await end(first, 'SIGTERM');
    expect(first.exitCode).toBe(0);
    expect(await differencesAtRest(opened, storage, expected)).toEqual([]);
    await end(second, 'SIGTERM');
    expect(second.exitCode).toBe(0);
  });

  it('run from the command line', async (context) => {
    const { opened, storage, expected, servers, region } = await prepared(context, 200);
    const topologies = ['learner-engagement', 'item-trends'];
    const run = startCli(['run', ...topologies, '--kafka', servers.kafka, '--redis', servers.redis, '--region', region, '--json']);
    context.onTestFinished(() => void run.process.kill('SIGKILL'));
    expect(await differencesAtRest(opened, storage, expected)).toEqual([]);
    run.process.kill('SIGTERM');
    const ended = await run.result;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.json()).toEqual({ summary: { processed: expect.any(Number) as number, seconds: expect.any(Number) as number } });
  });
});
