/** `skillforge start` as a process: a school, the topologies and the reader together. */
import { once } from 'node:events';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { DEFAULT_PORT } from '../../reader/index.js';
import type { ConsoleOverview } from '../../reader/consoleSource.js';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { portFor } from '../../scripts/commands/startReader.js';
import { ownTopologyFiles } from '../../scripts/topologyFiles.js';
import { runCli, startCli, type CliChild, type CliResult } from './commands/cliProcess.js';
import { linesOf, startSchool } from './startedSchool.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 180_000;

/** What a start says, line by line. */
interface Said {
  readonly opened?: { readonly data: string; readonly learners: number; readonly seed: number; readonly topologies: number };
  readonly history?: { readonly untilMs: number; readonly written: number; readonly alreadyThere: number };
  readonly serving?: { readonly url: string; readonly page: string; readonly learner: string; readonly request: string };
  readonly stopped?: { readonly timeMs: number };
}

const children: CliChild[] = [];
afterAll(() => children.forEach(({ process: child }) => child.kill('SIGKILL')));

const saidIn = (lines: ReturnType<typeof linesOf>): Said => Object.assign({}, ...lines) as Said;

/** Starts it; resolves when it serves, with what it has said. */
async function started(...args: string[]): Promise<{ readonly child: CliChild; readonly said: Required<Omit<Said, 'stopped'>> }> {
  const { child, lines } = await startSchool(...args);
  children.push(child);
  return { child, said: saidIn(lines()) as Required<Omit<Said, 'stopped'>> };
}

async function stop({ process: child, result }: CliChild, signals: readonly NodeJS.Signals[] = ['SIGTERM']): Promise<CliResult> {
  for (const signal of signals) child.kill(signal);
  return result;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

interface Answer {
  readonly served: string;
  readonly madeAt: string;
  readonly items: readonly { readonly item: string; readonly reasons: readonly unknown[] }[];
}
type Overview = ConsoleOverview & { readonly nowMs: number };

const data = newFolder();
let written = 0;
let stoppedMs = 0;

describe('skillforge start', () => {
  it('serves recommendations of a school that goes on, and stops cleanly', { timeout: SLOW_MS }, async () => {
    const { child, said } = await started('--data', data, '--learners', '40', '--seed', '3', '--speed', '6');
    expect(said.opened).toMatchObject({ data, learners: 40, seed: 3, topologies: ownTopologyFiles().length });
    const { url, page, learner, request } = said.serving;
    const first = await get<Answer>(request);
    expect(request).toBe(`${url}/v1/learners/${learner}/recommendations?explain=true`);
    expect(first).toMatchObject({ served: 'personal' });
    expect(first.items.length).toBeGreaterThan(0);
    expect(first.items[0]!.reasons.length).toBeGreaterThan(0);
    expect((await fetch(page)).headers.get('content-type')).toBe('text/html; charset=utf-8');

    const overview = (): Promise<Overview> => get<Overview>(`${url}/console/overview`);
    const { topologies, nowMs } = await overview();
    expect(topologies.map(({ name }) => name)).toEqual(
      ownTopologyFiles()
        .map(({ name }) => name)
        .sort(),
    );
    expect(topologies.filter(({ lag, deadLetters }) => deadLetters > 0 || typeof lag !== 'number')).toEqual([]);
    const slow = { timeout: 60_000, interval: 200 };
    await expect.poll(async () => (await overview()).nowMs, slow).toBeGreaterThan(nowMs + 86_400_000);
    await expect.poll(async () => Date.parse((await get<Answer>(request)).madeAt), slow).toBeGreaterThan(Date.parse(first.madeAt));

    // As npm does: it passes on what the terminal has sent to everybody.
    const { code, signal, stdout, stderr } = await stop(child, ['SIGINT', 'SIGINT']);
    expect({ code, signal, stderr }).toEqual({ code: 0, signal: null, stderr: '' });
    ({ written } = said.history);
    stoppedMs = saidIn(linesOf(stdout)).stopped!.timeMs;
    expect(stoppedMs).toBeGreaterThan(said.history.untilMs);
  });

  it('goes on with its school where it was, and doubles nothing', { timeout: SLOW_MS }, async () => {
    const { child, said } = await started('--data', data);
    expect(said.opened).toMatchObject({ learners: 40, seed: 3 });
    expect(said.history).toMatchObject({ written: 0 });
    expect(said.history.alreadyThere).toBeGreaterThan(written);
    // A step takes ten minutes of the school: what was over was written.
    expect(stoppedMs - said.history.untilMs).toBeLessThan(86_400_000);
    expect((await get<Answer>(said.serving.request)).served).toBe('personal');
    expect((await stop(child)).code).toBe(0);

    expect(await runCli(['counts', '--data', data])).toMatchObject({ code: 0 });
    const read = await runCli(['topics', 'read', 'clicks', '--data', data, '--limit', '1000000', '--json']);
    const ids = read.stdout
      .trimEnd()
      .split('\n')
      .map((line) => (JSON.parse(line) as { value: { eventId: string } }).value.eventId);
    expect(ids.length).toBeGreaterThan(1_000);
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('refuses another school in the folder', { timeout: SLOW_MS }, async () => {
    const { code, stderr } = await runCli(['start', '--data', data, '--seed', '4', '--port', '0']);
    expect(stderr).toMatch(/^SFS_SCHOOL_OTHER: .* seed 3, not 4/m);
    expect(code).toBe(3);
  });

  it('refuses a folder whose topics have something else', { timeout: SLOW_MS }, async () => {
    const foreign = newFolder();
    const storage = await openEmbedded(foreign);
    storage.log.ensureTopic({ name: 'eu-west.clicks', partitions: 12, cleanup: 'delete', retentionMs: null });
    await storage.log.append([{ topic: 'eu-west.clicks', partition: 0, key: Buffer.from('ada'), value: Buffer.from('click'), header: null }]);
    await storage.close();
    const { code, stderr } = await runCli(['start', '--data', foreign, '--port', '0']);
    expect(stderr).toMatch(/^SFS_SCHOOL_FOREIGN: the topic eu-west\.clicks has records/m);
    expect(code).toBe(3);
  });

  it('refuses a folder of other files, and leaves it as it was', { timeout: SLOW_MS }, async () => {
    const foreign = newFolder();
    writeFileSync(join(foreign, 'notes.txt'), 'mine');
    const { code, stderr } = await runCli(['start', '--data', foreign, '--port', '0']);
    expect(stderr).toMatch(/^SFS_FOLDER_UNUSABLE: .* holds other files and no storage/m);
    expect(code).toBe(3);
    expect(readdirSync(foreign)).toEqual(['notes.txt']);
  });

  it('stops in the middle of the history, too', { timeout: SLOW_MS }, async () => {
    const child = startCli(['start', '--json', '--data', newFolder(), '--port', '0', '--learners', '20000']);
    children.push(child);
    await once(child.process.stdout!, 'data');
    expect(await stop(child)).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('the port of a start', () => {
  it('is refused before anything is done when it was asked for and is taken', { timeout: SLOW_MS }, async () => {
    const taken = createServer();
    taken.listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { readonly port: number };
    const folder = join(newFolder(), 'none');
    const { code, stderr } = await runCli(['start', '--data', folder, '--port', String(port)]);
    taken.close();
    expect(stderr).toMatch(new RegExp(`^SFS_LISTEN_FAILED: .* port ${port} `));
    expect(code).toBe(3);
    expect(existsSync(folder)).toBe(false);
  });

  it('is the next that is free when none was asked for', async () => {
    const first = await portFor(undefined);
    const taken = createServer();
    taken.listen(first, '127.0.0.1');
    await once(taken, 'listening');
    const next = await portFor(undefined);
    taken.close();
    expect(first).toBeGreaterThanOrEqual(DEFAULT_PORT);
    expect(next).toBeGreaterThan(first);
    expect(await portFor(0)).toBe(0);
  });
});
