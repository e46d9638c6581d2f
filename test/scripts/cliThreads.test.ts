/** Runs on several threads leave what a run on one leaves: with whole ends, with Ctrl+C, with `kill -9`, and after a failure. */
import { copyFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { DATA_FILE } from '../../runtime/embedded/environment.js';
import { openEmbedded, verifyEmbedded } from '../../runtime/embedded/index.js';
import { readHeader } from '../../runtime/engine/header.js';
import { localRecords } from '../../runtime/localTools.js';
import type { LogRecord } from '../../runtime/ports.js';
import { newFolder } from '../fixtures/folders.js';
import { newProject, runCli, startCli, type CliChild } from './commands/cliProcess.js';

const SLOW_MS = 600_000;
const NAMES = [
  'cohort-trends',
  'curricula',
  'item-trends',
  'learner-activity',
  'learner-contexts',
  'learner-engagement',
  'quiz-mastery',
  'recommendations',
  'segment-lists',
];
const KILLS = 2;

interface Run {
  readonly processed: number;
  readonly lag: number;
  readonly stopped: boolean;
  readonly topologies: readonly { readonly topology: string; readonly tasks: number; readonly counters: Readonly<Record<string, number>> }[];
}

const args = (data: string, threads: number, ...more: string[]): string[] => [
  'run',
  ...NAMES,
  '--until-end',
  '--json',
  '--batch-records',
  '200',
  '--data',
  data,
  '--threads',
  String(threads),
  ...more,
];

const copyOf = (folder: string): string => {
  const copy = newFolder();
  copyFileSync(join(folder, DATA_FILE), join(copy, DATA_FILE));
  return copy;
};

async function run(data: string, threads: number): Promise<Run> {
  const ended = await runCli(args(data, threads));
  expect(ended.code, ended.stderr + ended.stdout).toBe(0);
  return ended.json<{ readonly summary: Run }>().summary;
}

/** What people get out of the folder, as files. */
async function exportsOf(data: string): Promise<Readonly<Record<string, string>>> {
  const files: Record<string, string> = {};
  for (const list of ['next', 'new']) {
    const out = join(newFolder(), 'lists.jsonl');
    expect((await runCli(['recommendations', 'export', '--jsonl', '--list', list, '--out', out, '--data', data])).code).toBe(0);
    files[list] = readFileSync(out, 'utf8');
  }
  return files;
}

/**
 * The values that each task wrote, in their order, by topic, partition and key; of compacted topics the last one of each key. Without markers and
 * control records: a task tells how far it is whenever it waits.
 */
async function valuesIn(data: string): Promise<Readonly<Record<string, string>>> {
  const storage = await openEmbedded(data, { readOnly: true });
  const values: Record<string, string> = {};
  const topics = storage.log.topics().filter(({ name }) => !name.endsWith('.control'));
  for (const { name, partitions, cleanup } of topics) {
    for (let partition = 0; partition < partitions; partition++) {
      const records = [...localRecords(storage.log, name, partition)].map((record) => ({ ...partOf(record), value: textOf(record.value) }));
      for (const { part, value } of records.filter(({ isMarker }) => !isMarker)) {
        const place = `${name}/${partition} ${part}`;
        values[place] = cleanup === 'compact' ? value : `${values[place] ?? ''},${value}`;
      }
    }
  }
  await storage.close();
  return values;
}

const textOf = (bytes: Buffer | null): string => bytes?.toString('latin1') ?? 'null';

/** Whose record it is, and of which key. */
function partOf({ header, key }: LogRecord): { readonly part: string; readonly isMarker: boolean } {
  const read = readHeader(header);
  const writer = read === null ? 'nobody' : `${read.producer.name}#${read.producer.partition}`;
  return { part: `by ${writer} key ${textOf(key)}`, isMarker: read?.marker === true };
}

const differing = (all: Readonly<Record<string, string>>, of: Readonly<Record<string, string>>): string[] =>
  [...new Set([...Object.keys(all), ...Object.keys(of)])].filter((part) => all[part] !== of[part]).slice(0, 10);

/** Resolves when the run has told of some records. */
async function untilAtWork({ process: child }: CliChild): Promise<void> {
  let told = '';
  child.stdout!.on('data', (bytes: Buffer) => (told += bytes.toString()));
  while (child.exitCode === null && child.signalCode === null && !/"processed":[1-9]/.test(told)) await sleep(10);
}

describe('runs on threads', () => {
  let input: string;
  let alone: { readonly summary: Run; readonly values: Readonly<Record<string, string>>; readonly files: Readonly<Record<string, string>> };

  beforeAll(async () => {
    input = newFolder();
    const generate = ['generate', '--learners', '60', '--days', '8', '--events-per-day', '2000', '--courses', '3', '--items', '30', '--seed', '5'];
    expect((await runCli([...generate, '--data', input])).code).toBe(0);
    const folder = copyOf(input);
    alone = { summary: await run(folder, 1), values: await valuesIn(folder), files: await exportsOf(folder) };
    expect(alone.files['next']!.split('\n').length).toBeGreaterThan(20);
    expect(Object.keys(alone.values).length).toBeGreaterThan(500);
  }, SLOW_MS);

  const expectSame = async (folder: string): Promise<void> => {
    expect(differing(alone.values, await valuesIn(folder))).toEqual([]);
    expect(await exportsOf(folder)).toEqual(alone.files);
    expect(verifyEmbedded(folder).problems).toEqual([]);
  };

  it.each([2, 3])('leave on %i what one leaves, to the byte, and count all of it', { timeout: SLOW_MS }, async (threads) => {
    const folder = copyOf(input);
    const summary = await run(folder, threads);
    expect(summary).toMatchObject({ processed: alone.summary.processed, lag: 0, stopped: false });
    // Markers are among the outputs, and a task writes one whenever it waits.
    const countsOf = ({ topologies }: Run) => topologies.map(({ topology, tasks, counters }) => ({ topology, tasks, ...counters, outputs: 0 }));
    expect(countsOf(summary)).toEqual(countsOf(alone.summary));
    await expectSame(folder);
  });

  it('end with Ctrl+C after the commits in progress, with code 0, and go on later on another number of threads', { timeout: SLOW_MS }, async () => {
    const folder = copyOf(input);
    const child = startCli(args(folder, 2, '--batch-records', '20'));
    await untilAtWork(child);
    child.process.kill('SIGINT');
    const ended = await child.result;
    expect(ended.code, ended.stderr).toBe(0);
    expect(ended.stderr).toContain('stopping after the commits in progress');
    expect(ended.json<{ readonly summary: Run }>().summary).toMatchObject({ stopped: true });
    await run(folder, 3);
    await expectSame(folder);
  });

  it('lose nothing and double nothing when they are killed', { timeout: SLOW_MS }, async () => {
    const folder = copyOf(input);
    for (let kill = 0; kill < KILLS; kill++) {
      const child = startCli(args(folder, 2, '--batch-records', '20'));
      await untilAtWork(child);
      await sleep(150 * Math.random());
      child.process.kill('SIGKILL');
      await child.result;
    }
    await run(folder, 2);
    await expectSame(folder);
  });

  it('end with what a thread failed with, and give the folder free', { timeout: SLOW_MS }, async () => {
    const folder = copyOf(input);
    const missing = await runCli(args(folder, 2, '--models', join(folder, 'no-models')));
    expect(missing).toMatchObject({ code: 3, stdout: expect.stringContaining('SFS_MODEL_MISSING') as string });
    expect(readdirSync(folder).filter((name) => name.endsWith('.sock'))).toEqual([]);
  });

  it('tell of a thread that ends without a word, and load topologies in TypeScript', { timeout: SLOW_MS }, async () => {
    const folder = copyOf(input);
    const project = newProject();
    expect((await runCli(['topology', 'new', 'exits'], project)).code).toBe(0);
    const command = ['run', './topologies/exits.ts', '--until-end', '--no-check', '--threads', '2', '--data', folder];
    const sound = await runCli(command, project);
    expect(sound.code, sound.stderr).toBe(0);
    const file = join(project, 'topologies', 'exits.ts');
    writeFileSync(
      file,
      readFileSync(file, 'utf8').replaceAll('version: 1', 'version: 2').replace('events: count()', 'events: sum(() => process.exit(7))'),
    );
    const ended = await runCli(command, project);
    expect(ended).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(/^SFS_RUN_THREAD: a thread of the run ended before its work was done/m) as string,
    });
  });

  it.each([
    ['that follow the log', []],
    ['under experiments', ['--until-end', '--experiments', './none.json']],
    ['with metrics', ['--until-end', '--metrics-port', '0']],
    ['that follow a registry of models', ['--until-end', '--models', 'registry']],
  ])('are refused to runs %s', { timeout: SLOW_MS }, async (_, options) => {
    const { code, stderr } = await runCli(['run', 'curricula', ...options, '--threads', '2', '--data', newFolder()]);
    expect({ code, stderr }).toMatchObject({ code: 3, stderr: expect.stringMatching(/^SFS_RUN_MODE: .* has one thread/m) as string });
  });
});
