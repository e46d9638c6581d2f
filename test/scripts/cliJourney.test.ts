import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { decodeProgress, encodeProgress } from '../../runtime/engine/progress.js';
import { syntheticOuladFolder } from '../../scripts/synthetic/index.js';
import { runCli, type CliResult } from './commands/cliProcess.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 120_000;
const data = newFolder();
const oulad = newFolder();
const GARBAGE = 3;
/** Clock markers in the clicks: one in each partition for each of the two imports that wrote clicks. */
const CLOCKS = 2 * 12;
let rows = 0;

const cli = (...args: string[]): Promise<CliResult> => runCli([...args, '--data', data]);
const json = async <T>(...args: string[]): Promise<T> => (await cli(...args, '--json')).json<T>();

interface Imported {
  readonly summary: {
    readonly import: { readonly written: number; readonly alreadyThere: number; readonly rejected: number; readonly rejectedBefore: number };
  };
}
interface Counts {
  readonly reconciles: boolean;
  readonly subtopologies: readonly {
    readonly subtopology: string;
    readonly inLog: number;
    readonly waiting: number;
    readonly processed: number;
    readonly lettersInLog: number;
  }[];
}
interface Replay {
  readonly replayed: number;
  readonly alreadyReplayed: number;
  readonly unreplayable: readonly { readonly reason: string }[];
}

/** A small data set with two rows that make no sense. */
async function writeOulad(): Promise<void> {
  const { file, rows: sound } = await syntheticOuladFolder(newFolder());
  rows = sound;
  const bad = '"AAA","2013J","","1","2","3"\r\n"AAA","2013X","7","1","2","3"\r\n';
  writeFileSync(join(oulad, 'studentVle.csv'), gunzipSync(readFileSync(file)).toString() + bad);
}

async function appendGarbage(): Promise<void> {
  const storage = await openEmbedded(data);
  const garbage = Array.from({ length: GARBAGE }, (_, n) => ({
    topic: 'eu-west.clicks',
    partition: n,
    key: Buffer.from(`learner-${n}`),
    value: Buffer.from(`garbage ${n}`),
    header: null,
  }));
  await storage.log.append(garbage);
  await storage.close();
}

describe('the command line, from an import to the dead letters', () => {
  beforeAll(writeOulad);

  it('imports once what is there, whatever the order of the options', { timeout: SLOW_MS }, async () => {
    const first = await json<Imported>('import', 'oulad', oulad, '--no-run', '--until-day', '5');
    expect(first.summary.import).toMatchObject({ alreadyThere: 0, rejected: 2, rejectedBefore: 0 });
    expect(first.summary.import.written).toBeLessThan(rows);
    const rest = await json<Imported>('import', 'oulad', oulad, '--no-run');
    expect(rest.summary.import).toMatchObject({
      written: rows - first.summary.import.written,
      alreadyThere: first.summary.import.written,
      rejected: 0,
      rejectedBefore: 2,
    });
    const again = await json<Imported>('import', 'oulad', oulad, '--module', 'AAA', '--no-run');
    expect(again.summary.import).toMatchObject({ written: 0, rejected: 0 });
  });

  it('refuses the clicks of another file', { timeout: SLOW_MS }, async () => {
    const other = newFolder();
    writeFileSync(join(other, 'studentVle.csv'), readFileSync(join(oulad, 'studentVle.csv'), 'utf8').slice(0, 5_000));
    const { code, stderr } = await cli('import', 'oulad', other);
    expect(code).toBe(3);
    expect(stderr).toMatch(/^SFS_IMPORT_OTHER_FILE: /);
    expect(stderr).toContain('what to do: Import into a folder of its own');
  });

  it('runs both topologies to the end of the log and reconciles', { timeout: SLOW_MS }, async () => {
    await appendGarbage();
    const run = await cli('run', 'learner-engagement', 'item-trends', '--until-end', '--batch-records', '700');
    expect(run.stderr).not.toContain('SFS_');
    expect(run.code).toBe(0);
    expect(run.stdout).toContain(`${GARBAGE} dead letters`);
    const counts = await cli('counts', '--json');
    expect(counts.code).toBe(0);
    const { reconciles, subtopologies } = counts.json<Counts>();
    expect(reconciles).toBe(true);
    expect(subtopologies.find((one) => one.subtopology === 'learner-engagement@1/0')).toMatchObject({
      inLog: rows + GARBAGE,
      processed: rows + GARBAGE,
      waiting: 0,
      lettersInLog: GARBAGE,
    });
  });

  it('lists and reads topics', { timeout: SLOW_MS }, async () => {
    const topics = await json<{ name: string; offsets: number }[]>('topics', 'list');
    expect(topics.find((topic) => topic.name === 'eu-west.clicks')?.offsets).toBe(rows + CLOCKS + GARBAGE);
    const read = await cli('topics', 'read', 'learner-features', '--limit', '2', '--json');
    const records = read.stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { key: string; eventTimeMs: number; appendTimeMs: number; value: { learner: string; asOfMs: number } });
    expect(records.map((record) => record.eventTimeMs)).toEqual(records.map((record) => record.value.asOfMs - 1));
    expect(records[0]!.appendTimeMs).toBeGreaterThan(records[0]!.eventTimeMs);
    expect(records.map((record) => record.value.learner)).toEqual(records.map((record) => record.key));
    expect(records).toHaveLength(2);
    const ofKey = await cli('topics', 'read', 'clicks', '--key', 'learner-1', '--json');
    expect(ofKey).toMatchObject({ stdout: '', stderr: 'no records\n' });
    const garbage = await json<{ error: { code: string }; bytes: string }>(
      'topics',
      'read',
      'clicks',
      '--partition',
      '1',
      '--from',
      String(await endOf(1)),
    );
    expect(garbage).toMatchObject({ error: { code: 'SFS_WIRE_FORMAT' }, bytes: Buffer.from('garbage 1').toString('base64') });
    const markers = await cli('topics', 'read', 'item-trends.v1.by-item', '--partition', '0', '--limit', '1', '--markers');
    expect(markers.stdout).toMatch(/^0:0 .* marker \{"producer":"item-trends@1\/0\//);
  });

  it('shows state and lag', { timeout: SLOW_MS }, async () => {
    const stores = await json<{ stores: { store: string }[] }>('state', 'get', 'learner-engagement');
    expect(stores.stores.map((one) => one.store)).toContain('features/state');
    const { keys, total } = await json<{ keys: { key: string; task: string }[]; total: number }>(
      'state',
      'get',
      'learner-engagement',
      'features/state',
    );
    const some = await cli('state', 'get', 'learner-engagement', 'features/state', '--limit', '2');
    expect(some.stdout).toMatch(new RegExp(`^task .*\n.*\n.*\n2 of ${total} keys\n$`));
    const [{ key, task } = { key: '', task: '' }] = keys;
    const found = await json<{ rows: unknown[] }>('state', 'get', 'learner-engagement@1', 'features/state', key);
    expect(found.rows).toMatchObject([{ task, key, row: { asOfMs: expect.any(Number) as unknown } }]);
    const lags = await json<{ task: string; lag: number; watermarkMs: number }[]>('lag');
    expect(lags).toHaveLength(36);
    expect(lags.filter(({ lag }) => lag > 0)).toEqual([]);
  });

  it('lists, shows and replays dead letters, each record once', { timeout: SLOW_MS }, async () => {
    const list = await json<{ total: number; byCode: Record<string, number>; letters: { id: string; code: string }[] }>('dlq', 'list');
    expect(list.byCode).toEqual({ SFS_WIRE_FORMAT: 2 * GARBAGE, SFS_IMPORT_MALFORMED: 1, SFS_IMPORT_UNKNOWN: 1 });
    const { id } = list.letters.find((letter) => letter.code === 'SFS_WIRE_FORMAT')!;
    const shown = await cli('dlq', 'show', id);
    expect(shown.stdout).toMatch(/as text +garbage \d/);
    expect(await json<Replay>('dlq', 'replay', '--all', '--dry-run')).toMatchObject({ replayed: GARBAGE, alreadyReplayed: GARBAGE });
    const replayed = await json<Replay>('dlq', 'replay', '--all');
    expect(replayed).toMatchObject({ replayed: GARBAGE, alreadyReplayed: GARBAGE });
    expect(replayed.unreplayable.map(({ reason }) => reason)).toEqual(Array(2).fill(expect.stringContaining('is no topic')));
    expect(await json<Replay>('dlq', 'replay', id)).toMatchObject({ replayed: 0, alreadyReplayed: 1 });
    const topics = await json<{ name: string; offsets: number }[]>('topics', 'list');
    expect(topics.find((topic) => topic.name === 'eu-west.clicks')?.offsets).toBe(rows + CLOCKS + 2 * GARBAGE);
  });

  it('reconciles again after what was replayed', { timeout: SLOW_MS }, async () => {
    const waiting = await json<Counts>('counts', 'learner-engagement');
    expect(waiting).toMatchObject({ reconciles: true, subtopologies: [{ waiting: GARBAGE }] });
    const run = await cli('run', 'learner-engagement', 'item-trends', '--end-of-input', '--json');
    expect(run.json<{ summary: { processed: number } }>().summary.processed).toBe(2 * GARBAGE);
    expect(await json<Counts>('counts')).toMatchObject({ reconciles: true });
    expect(await json<{ byCode: Record<string, number> }>('dlq', 'list', '--topic', 'clicks')).toMatchObject({
      byCode: { SFS_WIRE_FORMAT: 4 * GARBAGE },
    });
  });

  it('says so when the counts do not reconcile', { timeout: SLOW_MS }, async () => {
    await miscount('learner-engagement@1/0/0');
    const counts = await cli('counts');
    expect(counts.code).toBe(1);
    expect(counts.stdout).toMatch(/NO: learner-engagement@1\/0: \d+ records processed by their offsets, \d+ counted/);
  });

  it('verifies the folder, and finds damage in a copy of it', { timeout: SLOW_MS }, async () => {
    const sound = await cli('verify');
    expect(sound).toMatchObject({ code: 0, stdout: expect.stringMatching(/^sound: /) as unknown });
    const copy = newFolder();
    mkdirSync(copy, { recursive: true });
    copyFileSync(join(data, 'data.mdb'), join(copy, 'data.mdb'));
    const bytes = readFileSync(join(copy, 'data.mdb'));
    for (let at = 20 * 4096 + 200; at < bytes.length; at += 4096) bytes[at] = bytes[at]! ^ 0xff;
    writeFileSync(join(copy, 'data.mdb'), bytes);
    const damaged = await runCli(['verify', '--data', copy]);
    expect(damaged.code).toBe(1);
    expect(damaged.stdout).toContain('DAMAGED');
  });
});

/** Makes a task claim a record too many. */
async function miscount(task: string): Promise<void> {
  const storage = await openEmbedded(data);
  const progress = decodeProgress(storage.tasks.progress(task)!);
  progress.counters.records++;
  await storage.commit({ task, outputs: [], state: [], queue: [], progress: encodeProgress(progress) });
  await storage.close();
}

/** Offset of the last record of a partition of clicks. */
async function endOf(partition: number): Promise<number> {
  const topics = await json<{ name: string; ranges: { end: number }[] }[]>('topics', 'list');
  return topics.find((topic) => topic.name === 'eu-west.clicks')!.ranges[partition]!.end - 1;
}
