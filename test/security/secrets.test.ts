/** Secrets stand in no message, cause or stack of an error, and in nothing that a command prints; and a run of tests that prints one fails. */
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { UserConsoleLog } from 'vitest';
import { Failures } from '../../runtime/kafka/failures.js';
import { withDefaults } from '../../runtime/kafka/options.js';
import { placeOf } from '../../runtime/redis/options.js';
import CountsReporter from '../../scripts/checks/countsReporter.js';
import { REPORT_FILE_VARIABLE, type RunReport } from '../../scripts/checks/counts.js';
import { KNOWN_SECRET } from '../../scripts/checks/knownSecret.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { newFolder } from '../fixtures/folders.js';

/** To start the command line takes a while on a busy machine. */
const SLOW_MS = 300_000;
const PASSWORD = `of-a-user-${KNOWN_SECRET}`;
const PRIVATE_KEY = `-----BEGIN ${KNOWN_SECRET}-----`;
const sasl = { mechanism: 'plain', username: 'ada', password: PASSWORD } as const;

afterEach(() => vi.unstubAllEnvs());

describe('an error', () => {
  const failures = new Failures(withDefaults({ brokers: ['kafka-1:9092'], sasl, tls: { privateKey: PRIVATE_KEY }, markerIdOf: () => null }));

  it.each(['unavailable', 'refused', 'failed', 'fenced', 'aborted', 'unknownEnd', 'tooLarge'] as const)(
    'of a client of Kafka repeats no password and no key that the client has put into its own: %s',
    (kind) => {
      for (const secret of [PASSWORD, PRIVATE_KEY]) {
        const error = failures[kind]('writing to clicks', new Error(`no access for ada with ${secret}, twice ${secret}`));
        expect(inspect(error, { depth: 10 })).not.toContain(KNOWN_SECRET);
        expect(error.message).toContain('no access for ada with ***');
      }
    },
  );

  it('about the address of a Redis does not repeat it', () => {
    for (const url of [`redis//me:${PASSWORD}@host`, `redis://me:${PASSWORD}@host:99999`, `amqp://me:${PASSWORD}@host`])
      expect(() => placeOf({ region: 'eu-west', url })).toThrow(
        expect.toSatisfy((error: unknown) => !inspect(error, { depth: 10 }).includes(KNOWN_SECRET)) as Error,
      );
  });
});

/** Options of servers with secrets, as files. */
function optionFiles(): { readonly kafka: string; readonly redis: string } {
  const folder = newFolder();
  const [kafka, redis] = [join(folder, 'kafka.json'), join(folder, 'redis.json')];
  writeFileSync(kafka, JSON.stringify({ sasl, requestTimeoutMs: 1_000 }));
  writeFileSync(redis, JSON.stringify({ username: 'ada', password: PASSWORD, timeoutMs: 1_000 }));
  return { kafka, redis };
}

it('a command that reaches no server prints neither the password of Kafka nor that of Redis, not with the stack either', { timeout: SLOW_MS }, () => {
  const { kafka, redis } = optionFiles();
  const servers = ['--kafka', '127.0.0.1:1', '--kafka-options', kafka, '--driver', 'kafkajs', '--redis', '127.0.0.1:1', '--redis-options', redis];
  const words = ['--import', 'tsx', 'scripts/skillforge.ts', 'lag', '--region', 'eu-west', ...servers, '--verbose'];
  const { status, stdout, stderr } = spawnSync(process.execPath, words, { cwd: projectRoot, encoding: 'utf8' });
  expect(`${stdout}${stderr}`).not.toContain(KNOWN_SECRET);
  expect(stderr).toMatch(/SFS_(BROKER|STATE)_UNAVAILABLE/);
  expect(status).toBe(3);
});

it('a run of tests that prints one fails', () => {
  const path = join(newFolder(), 'report.json');
  vi.stubEnv(REPORT_FILE_VARIABLE, path);
  const told = vi.spyOn(console, 'error').mockReturnValue(undefined);
  const failedAfter = (content: string): number => {
    const reporter = new CountsReporter();
    reporter.onUserConsoleLog({ content } as UserConsoleLog);
    reporter.onTestRunEnd([], []);
    return (JSON.parse(readFileSync(path, 'utf8')) as RunReport).failed;
  };
  expect([failedAfter('nothing'), failedAfter(`a line with ${PASSWORD}`)]).toEqual([0, 1]);
  expect(told).toHaveBeenCalledWith('a secret of the tests was logged');
});
