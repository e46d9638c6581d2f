import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Command } from 'commander';
import { afterAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { redisCommand } from '../../../scripts/services/redisCommand.js';
import { environmentOf } from '../../../scripts/services/servicesCommand.js';
import { SERVER_START_MS } from '../../integration/servers.js';
import { settledLeftovers, startScript, type Starter } from './starterProcess.js';

const COMMAND = 'scripts/services/command.ts';
const REDIS_ALONE = ['--brokers', '0', '--no-registry'];

interface Announced {
  readonly environment: Readonly<Record<string, string>>;
  readonly servers: readonly { readonly name: string; readonly address: string; readonly pid: number }[];
  readonly folder: string;
}

const work = mkdtempSync(join(tmpdir(), 'skillforge-command-'));
afterAll(() => rmSync(work, { recursive: true, force: true }));

async function announced(starter: Starter): Promise<Announced> {
  await starter.said('"folder"');
  return JSON.parse(
    starter
      .printed()
      .split('\n')
      .find((line) => line.startsWith('{'))!,
  ) as Announced;
}

describe('npm run services', { timeout: SERVER_START_MS }, () => {
  it('is this command', () => {
    const { scripts } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { scripts: Record<string, string> };
    expect(scripts['services']).toBe(`node --import tsx ${COMMAND}`);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('says where the servers are, and ends them all at %s', async (signal) => {
    const starter = startScript(COMMAND, REDIS_ALONE);
    await starter.said('Ctrl+C ends them all');
    const [, port] = /^export SKILLFORGE_REDIS_URL=redis:\/\/127\.0\.0\.1:(\d+)$/m.exec(starter.printed())!;
    expect(await redisCommand(Number(port), ['PING'])).toMatch(/^\+PONG/);
    starter.process.kill(signal);
    expect(await starter.ended()).toBe(0);
    expect(await settledLeftovers(starter.temporary)).toEqual([]);
  });

  it('says it to programs in JSON', async () => {
    const starter = startScript(COMMAND, [...REDIS_ALONE, '--redis', 'cluster', '--json']);
    const { environment, servers, folder } = await announced(starter);
    expect(servers.map(({ name }) => name)).toEqual(['redis-1', 'redis-2', 'redis-3']);
    expect(environment).toEqual({ SKILLFORGE_REDIS_URL: `redis://${servers[0]!.address}` });
    expect(existsSync(folder)).toBe(true);
    starter.process.kill('SIGTERM');
    expect(await starter.ended()).toBe(0);
    expect(existsSync(folder)).toBe(false);
  });

  it('ends with the log of a server that ends by itself', async () => {
    const starter = startScript(COMMAND, [...REDIS_ALONE, '--redis', 'replicated', '--json']);
    const { servers } = await announced(starter);
    process.kill(servers[1]!.pid, 'SIGTERM');
    expect(await starter.ended()).toBe(3);
    expect(starter.printed()).toMatch(/SFS_SERVICE_FAILED.*redis-replica has ended by itself.*(User requested shutdown|SIGTERM)/s);
    expect(await settledLeftovers(starter.temporary)).toEqual([]);
  });

  it('says what is missing, and what to do', async () => {
    const bin = join(work, 'bin');
    mkdirSync(bin);
    for (const program of ['/bin/sh', '/bin/rm', '/bin/sleep', process.execPath]) symlinkSync(program, join(bin, basename(program)));
    const starter = startScript(COMMAND, ['--redis', 'none', '--no-registry'], { PATH: bin, JAVA_HOME: '' });
    expect(await starter.ended()).toBe(3);
    expect(starter.printed()).toMatch(/SFS_SERVICE_MISSING: Kafka needs Java 17 or newer.*\n {2}what to do: Install what the message names/);
  });

  it('refuses a command line that is wrong', async () => {
    const starter = startScript(COMMAND, ['--brokers', '2']);
    expect(await starter.ended()).toBe(2);
    expect(starter.printed()).toContain('Allowed choices are 0, 1, 3');
  });

  it('tells clients variables that commands read', async () => {
    const url = 'http://127.0.0.1:1';
    const told = environmentOf({ kafka: { bootstrapServers: '127.0.0.1:1' }, redis: { url }, registry: { url }, mlflow: { url } });
    const leavesOf = (command: Command): Command[] => (command.commands.length === 0 ? [command] : command.commands.flatMap(leavesOf));
    const read = new Set(leavesOf(await skillforgeProgram()).flatMap(({ options }) => options.map(({ envVar }) => envVar)));
    expect(Object.keys(told)).toHaveLength(5);
    expect(Object.keys(told).filter((name) => !read.has(name))).toEqual([]);
  });
});
