import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { Kafka, logLevel } from 'kafkajs';
import { afterAll, describe, expect, it } from 'vitest';
import { REPORT_FILE_VARIABLE, type RunReport } from '../../scripts/checks/counts.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { redisCommand } from '../../scripts/services/redisCommand.js';
import { SERVER_START_MS, sharedKafka, sharedRedis, sharedRegistry } from './servers.js';

const folder = mkdtempSync(join(tmpdir(), 'skillforge-shared-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('the servers that the tests of a run share', { timeout: SERVER_START_MS }, () => {
  it('have a Kafka broker that creates no topic by itself', async (context) => {
    const kafka = new Kafka({ brokers: [await sharedKafka(context, 'kafkajs')], logLevel: logLevel.NOTHING });
    const admin = kafka.admin();
    await admin.connect();
    try {
      expect((await admin.describeCluster()).brokers).toHaveLength(1);
      await expect(admin.fetchTopicMetadata({ topics: ['nobody-made-this'] })).rejects.toThrow(/does not host this topic-partition/);
    } finally {
      await admin.disconnect();
    }
  });

  it('have a Redis', async (context) => {
    const { port } = new URL(await sharedRedis(context));
    expect(await redisCommand(Number(port), ['SET', 'servers-test', 'here'])).toMatch(/^\+OK/);
  });

  it('have a registry of schemas', async (context) => {
    const response = await fetch(`${await sharedRegistry(context)}/subjects`);
    expect(response.status).toBe(200);
    expect(await response.json()).toBeInstanceOf(Array);
  });

  it('are the same at each question', async (context) => {
    const [first, second] = [await sharedRedis(context), await sharedRedis(context)];
    expect(second).toBe(first);
    await expect(canConnect(Number(new URL(first).port))).resolves.toBe(true);
  });
});

/** Runs tests in a run of their own. */
async function runOf(args: readonly string[], env: NodeJS.ProcessEnv): Promise<RunReport> {
  const report = join(mkdtempSync(join(folder, 'run-')), 'report.json');
  const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
  // On a failure it rejects, with what was printed.
  await promisify(execFile)(process.execPath, [vitest, 'run', ...args], { cwd: projectRoot, env: { ...env, [REPORT_FILE_VARIABLE]: report } });
  return JSON.parse(readFileSync(report, 'utf8')) as RunReport;
}

describe('a run without Java', { timeout: SERVER_START_MS }, () => {
  it('skips the tests that need Kafka, says why, and counts them', async () => {
    const { JAVA_HOME: _, ...env } = process.env;
    const { failed, skips } = await runOf(['test/integration/servers.test.ts', '-t', 'Kafka broker|registry of'], {
      ...env,
      PATH: pathWithoutJava(),
    });
    expect(failed).toBe(0);
    expect(skips.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Kafka needs Java 17/), expect.stringMatching(/^the schema registry needs Java 17/)]),
    );
  });
});

describe('a run without the compiled client of Kafka', { timeout: SERVER_START_MS }, () => {
  it('skips the tests of workers on servers, and says why', async () => {
    const { failed, passed, skips } = await runOf(['test/integration/cluster/upgrade.test.ts'], {
      ...process.env,
      NODE_OPTIONS: `--require ${withoutClient()}`,
    });
    expect([failed, passed]).toEqual([0, 0]);
    expect(skips.map(({ reason }) => reason)).toEqual([expect.stringMatching(/^the driver "confluent" needs .* compiled part/)]);
  });
});

/** A module after which the compiled part of the client cannot be loaded. */
function withoutClient(): string {
  const path = join(folder, 'withoutClient.cjs');
  writeFileSync(
    path,
    `const { dlopen } = process;
process.dlopen = (module, path, ...flags) => {
  if (path.includes('confluent-kafka-javascript')) throw new Error('not built');
  return dlopen.call(process, module, path, ...flags);
};
`,
  );
  return path;
}

/** A folder with the programs that a run needs, and no others. */
function pathWithoutJava(): string {
  const path = join(folder, 'bin');
  mkdirSync(path);
  for (const program of ['/bin/sh', '/bin/rm', '/bin/sleep', process.execPath])
    symlinkSync(program, join(path, program.slice(dirname(program).length + 1)));
  return path;
}

function canConnect(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.end());
    socket.on('error', () => resolve(false));
    socket.on('close', (hadError) => resolve(!hadError));
  });
}
