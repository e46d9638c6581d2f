import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
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
    const kafka = new Kafka({ brokers: [await sharedKafka(context)], logLevel: logLevel.NOTHING });
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

describe('a run without Java', { timeout: SERVER_START_MS }, () => {
  it('skips the tests that need Kafka, says why, and counts them', () => {
    const { JAVA_HOME: _, ...env } = process.env;
    const report = join(folder, 'report.json');
    const vitest = join(projectRoot, 'node_modules', 'vitest', 'vitest.mjs');
    const { status, stdout, stderr } = spawnSync(
      process.execPath,
      [vitest, 'run', 'test/integration/servers.test.ts', '-t', 'Kafka broker|registry of'],
      {
        cwd: projectRoot,
        env: { ...env, PATH: pathWithoutJava(), [REPORT_FILE_VARIABLE]: report },
        encoding: 'utf8',
      },
    );
    expect(status, `${stdout}\n${stderr}`).toBe(0);
    const { failed, skips } = JSON.parse(readFileSync(report, 'utf8')) as RunReport;
    expect(failed).toBe(0);
    expect(skips.map(({ reason }) => reason)).toEqual(
      expect.arrayContaining([expect.stringMatching(/^Kafka needs Java 17/), expect.stringMatching(/^the schema registry needs Java 17/)]),
    );
  });
});

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
