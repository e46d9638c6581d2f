/**
 * A model is promoted and taken back while a school lives: what the reader serves follows within seconds, without a restart, and no event is lost.
 */
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openRegistry, versionBefore } from '../../runtime/models/registry/index.js';
import { demoModel } from '../../scripts/commands/demoModels.js';
import { anotherVersion, manifestOf } from '../runtime/models/fixture.js';
import { runCli, startCli, type CliChild } from './commands/cliProcess.js';
import { startSchool, type StartedSchool } from './startedSchool.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 600_000;
/** A machine under load is slow; what is measured is printed. */
const DEADLINE_MS = 240_000;
const LEARNERS = Array.from({ length: 40 }, (_, at) => `learner-${at + 1}`);

interface Serving {
  readonly url: string;
}

const children: CliChild[] = [];
afterAll(() => children.forEach(({ process: child }) => child.kill('SIGKILL')));

interface Started extends StartedSchool {
  readonly serving: Serving;
}

async function started(...args: string[]): Promise<Started> {
  const school = await startSchool(...args);
  children.push(school.child);
  return { ...school, serving: school.lines().find((line) => 'serving' in line)!['serving'] as Serving };
}

interface Served {
  readonly model: string;
  readonly madeAtMs: number;
}

/** The lists that the reader serves to the learners. */
async function served({ url }: Serving): Promise<Served[]> {
  const answers = LEARNERS.map(async (learner) => {
    const { model, madeAt } = (await (await fetch(`${url}/v1/learners/${learner}/recommendations`)).json()) as Record<'model' | 'madeAt', string>;
    return { model, madeAtMs: Date.parse(madeAt) };
  });
  // Not all have one.
  return (await Promise.all(answers)).filter(({ madeAtMs }) => Number.isFinite(madeAtMs));
}

/** Moves production, and waits until the reader serves a list that was made with the version since. @returns how long it took, ms */
async function rollOut(serving: Serving, model: string, move: () => Promise<unknown>): Promise<number> {
  const beforeMs = Math.max(...(await served(serving)).map(({ madeAtMs }) => madeAtMs));
  await move();
  const startMs = performance.now();
  const isServed = async (): Promise<boolean> => (await served(serving)).some((one) => one.model === model && one.madeAtMs > beforeMs);
  await expect.poll(isServed, { timeout: DEADLINE_MS, interval: 50 }).toBe(true);
  return performance.now() - startMs;
}

interface Watched {
  readonly change?: { readonly previous: string | null; readonly number: string | null };
  readonly adoption?: { readonly adoption: { readonly model: { readonly number: string } | null } };
}

/** `skillforge model watch`, and what it has told so far. */
function watching(data: string): { readonly child: CliChild; readonly told: () => Watched[] } {
  const child = startCli(['model', 'watch', '--data', data, '--past', '--every', '1', '--json']);
  children.push(child);
  let text = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const told = (): Watched[] =>
    text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Watched);
  return { child, told };
}

describe('a model', () => {
  it('is promoted, served, taken back and served again by a run that goes on', { timeout: SLOW_MS }, async () => {
    const data = newFolder();
    const registry = openRegistry(join(data, 'registry'));
    const bundles = [anotherVersion(demoModel, 'first'), anotherVersion(demoModel, 'second')];
    const [first, second] = bundles.map((folder) => `${manifestOf(folder).name}@${manifestOf(folder).version}`) as [string, string];
    for (const folder of bundles) await registry.register(folder, { 'gate.status': 'passed' });
    const moveTo = (number: string): Promise<unknown> => registry.move('production', number, { by: 'test', reason: null, atMs: Date.now() });
    await moveTo('1');
    // A day of the school passes in ten seconds.
    const { child, serving, lines } = await started(
      '--data',
      data,
      '--learners',
      String(LEARNERS.length),
      '--seed',
      '3',
      '--speed',
      '6',
      '--models',
      'registry',
    );
    expect(new Set((await served(serving)).map(({ model }) => model))).toContain(first);

    const watch = watching(data);
    const promotedMs = await rollOut(serving, second, () => moveTo('2'));
    const rolledBackMs = await rollOut(serving, first, async () => moveTo(versionBefore(await registry.history('production'))!));
    console.log(`served after a promotion: ${(promotedMs / 1000).toFixed(1)} s; after a roll-back: ${(rolledBackMs / 1000).toFixed(1)} s`);

    const moves = (): unknown[] => watch.told().flatMap(({ change }) => (change === undefined ? [] : [[change.previous, change.number]]));
    const turns = (number: string): boolean => watch.told().some(({ adoption }) => adoption?.adoption.model?.number === number);
    await expect
      .poll(() => [moves(), turns('2'), turns('1')], { timeout: DEADLINE_MS })
      .toEqual([
        [
          [null, '1'],
          ['1', '2'],
          ['2', '1'],
        ],
        true,
        true,
      ]);
    watch.child.process.kill('SIGTERM');
    expect(await watch.child.result).toMatchObject({ code: 0, stderr: '' });

    child.process.kill('SIGTERM');
    expect(await child.result).toMatchObject({ code: 0, stderr: '' });
    const kinds = lines().flatMap((line) => ('model' in line ? [(line['model'] as { kind: string }).kind] : []));
    expect(kinds).toEqual(expect.arrayContaining(['opened', 'adopted']));
    expect(kinds).not.toContain('refused');

    const counts = await runCli(['counts', '--data', data, '--json']);
    expect(counts).toMatchObject({ code: 0 });
    expect(counts.json<{ reconciles: boolean }>().reconciles).toBe(true);
    expect((await runCli(['dlq', 'list', '--data', data, '--json'])).json<{ total: number }>().total).toBe(0);
  });
});
