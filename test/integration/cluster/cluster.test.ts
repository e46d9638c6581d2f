/** Topologies on a real Kafka and a real Redis leave what a storage in memory does, whoever runs them; `../faults` kills them. */
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, type TestContext } from 'vitest';
import type { MemoryStorage } from '../../../runtime/testing/index.js';
import { familiesOf } from '../../runtime/observability/exposition.js';
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
    const run = startCli([
      'run',
      ...topologies,
      '--kafka',
      servers.kafka,
      '--redis',
      servers.redis,
      '--region',
      region,
      '--metrics-port',
      '0',
      '--json',
    ]);
    context.onTestFinished(() => void run.process.kill('SIGKILL'));
    let told = '';
    run.process.stdout!.on('data', (bytes: Buffer) => (told += bytes.toString()));
    expect(await differencesAtRest(opened, storage, expected)).toEqual([]);
    // What the state takes on Redis is asked for while it runs, and told with the other metrics.
    const { url } = (JSON.parse(told.split('\n')[0]!) as { readonly metrics: { readonly url: string } }).metrics;
    const stateOf = async (name: string): Promise<number[]> => {
      const { samples } = familiesOf(await (await fetch(url)).text()).get(`skillforge_state_${name}`)!;
      return samples.map(({ value }) => value);
    };
    const least = async (figure: string): Promise<number> => {
      const values = await stateOf(figure);
      return values.length === topologies.length ? Math.min(...values) : 0;
    };
    for (const figure of ['rows', 'bytes']) await expect.poll(() => least(figure), { timeout: DEADLINE_MS, interval: 500 }).toBeGreaterThan(0);
    run.process.kill('SIGTERM');
    const ended = await run.result;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.json()).toEqual({ summary: { processed: expect.any(Number) as number, seconds: expect.any(Number) as number, isDone: false } });
  });
});
