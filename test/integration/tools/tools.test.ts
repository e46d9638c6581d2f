/** The tools on a real Kafka and a real Redis say what they say of a folder. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, type TestContext } from 'vitest';
import { Worker } from '../../../runtime/engine/worker.js';
import { keepTopicSchemas } from '../../../scripts/commands/topicCodecs.js';
import { runCli, type CliResult } from '../../scripts/commands/cliProcess.js';
import { newRegion, openOn, type OpenCluster, type Servers } from '../cluster/replica.js';
import { SERVER_START_MS, sharedKafka, sharedRedis } from '../servers.js';
import tallying, { mood } from './tallies.js';
import { newFolder } from '../../fixtures/folders.js';

const TOPOLOGY = join(import.meta.dirname, 'tallies.ts');
const LEARNERS = ['ada', 'bob', 'cid', 'dee'];
const line = (learner: string, text: string, atMs = 1): string => JSON.stringify({ learner, atMs, text });

interface Setting {
  readonly servers: Servers;
  readonly region: string;
  readonly opened: OpenCluster;
  /** Runs the command line on the servers. */
  readonly cli: (...args: string[]) => Promise<CliResult>;
}

async function setting(context: TestContext): Promise<Setting> {
  const servers: Servers = { kafka: await sharedKafka(context), redis: await sharedRedis(context) };
  const region = newRegion();
  const opened = await openOn(servers, region);
  context.onTestFinished(() => opened.close());
  const cli = (...args: string[]) => runCli([...args, '--kafka', servers.kafka, '--redis', servers.redis, '--region', region]);
  return { servers, region, opened, cli };
}

/** A worker of the topology in this process, until the test ends. */
async function working({ opened, region }: Setting, context: TestContext): Promise<void> {
  const worker = new Worker([tallying], opened.cluster, { region, mode: 'follow' });
  await worker.start();
  await keepTopicSchemas(opened.cluster, worker.deployments);
  const running = worker.run();
  context.onTestFinished(async () => {
    worker.stop();
    await running;
  });
}

const ok = (result: CliResult): CliResult => {
  expect(result.code, `${result.stdout}\n${result.stderr}`).toBe(0);
  return result;
};

describe('the tools on servers', { timeout: SERVER_START_MS }, () => {
  beforeEach(() => {
    mood.refusesBad = true;
  });

  it('write once, wait for the workers, show state and topics, and reconcile', async (context) => {
    const on = await setting(context);
    const file = join(newFolder(), 'notes.jsonl');
    const lines = Array.from({ length: 200 }, (_, n) => line(LEARNERS[n % 4]!, 'good', n));
    writeFileSync(file, [...lines, 'no JSON'].join('\n'));
    const write = ['topics', 'write', 'notes', file, '--topology', TOPOLOGY, '--json'];
    const first = await on.cli(...write);
    expect([first.code, first.json()]).toEqual([1, { summary: expect.objectContaining({ written: 200, rejected: 1 }) as unknown }]);
    const again = await on.cli(...write);
    expect([again.code, again.json()]).toEqual([0, { summary: expect.objectContaining({ written: 0, alreadyThere: 200, rejected: 0 }) as unknown }]);
    await working(on, context);
    const lags = ok(await on.cli('lag', 'tallying', '--watch', '1', '--max-lag', '0', '--json')).json<{ task: string; lag: number }[]>();
    expect(lags.map(({ task, lag }) => [task, lag])).toEqual([0, 1].flatMap((phase) => [0, 1, 2].map((at) => [`tallying@1/${phase}/${at}`, 0])));
    const row = ok(await on.cli('state', 'get', 'tallying', 'total/totals', 'ada', '--json')).json<{ rows: { row: unknown }[] }>();
    expect(JSON.stringify(row.rows)).toContain('50');
    expect(ok(await on.cli('state', 'get', 'tallying', 'total/totals', '--json')).json()).toMatchObject({ total: 4 });
    const read = ok(await on.cli('topics', 'read', 'tallies', '--key', 'ada', '--json'))
      .stdout.trim()
      .split('\n');
    expect(read).toHaveLength(50);
    expect(JSON.parse(read.at(-1)!)).toMatchObject({ key: 'ada', value: { of: 'ada', notes: 50 } });
    expect(ok(await on.cli('counts', '--json')).json()).toMatchObject({
      reconciles: true,
      subtopologies: Array(2).fill(expect.objectContaining({ inLog: 200, processed: 200, waiting: 0, problems: [] })),
    });
    const listed = ok(await on.cli('topics', 'list', '--json')).json<{ name: string }[]>();
    expect(listed.map(({ name }) => name)).toEqual(
      ['control', 'dead-letters', 'notes', 'tallies', 'tallying.v1.by-text', 'texts', 'writers'].map((name) => `${on.region}.${name}`),
    );
  });

  it('send dead letters back once, beside a running worker', async (context) => {
    const on = await setting(context);
    const file = join(newFolder(), 'notes.jsonl');
    writeFileSync(file, [line('ada', 'good'), line('ada', 'bad'), line('bob', 'bad')].join('\n'));
    ok(await on.cli('topics', 'write', 'notes', file, '--topology', TOPOLOGY));
    await working(on, context);
    ok(await on.cli('lag', '--watch', '1', '--max-lag', '0'));
    const { letters } = ok(await on.cli('dlq', 'list', '--json')).json<{ letters: { id: string; code: string; replayedAtMs: number | null }[] }>();
    expect(letters.map(({ code, replayedAtMs }) => [code, replayedAtMs])).toEqual(Array(2).fill(['SFS_PROCESSING_FAILED', null]));
    expect(ok(await on.cli('dlq', 'show', letters[0]!.id)).stdout).toContain('not today');
    mood.refusesBad = false;
    expect(ok(await on.cli('dlq', 'replay', '--all', '--dry-run', '--json')).json()).toMatchObject({ replayed: 2 });
    expect(ok(await on.cli('dlq', 'replay', letters[0]!.id, '--json')).json()).toMatchObject({ replayed: 1 });
    expect(ok(await on.cli('dlq', 'replay', '--all', '--json')).json()).toMatchObject({ replayed: 1, alreadyReplayed: 1 });
    ok(await on.cli('lag', '--watch', '1', '--max-lag', '0'));
    const found = ok(await on.cli('topics', 'read', 'tallies', '--json'))
      .stdout.trim()
      .split('\n');
    expect(found.map((text) => (JSON.parse(text) as { value: unknown }).value)).toEqual(
      expect.arrayContaining([
        { of: 'ada', notes: 2 },
        { of: 'bob', notes: 1 },
      ]),
    );
    expect(found).toHaveLength(3);
  });
});
