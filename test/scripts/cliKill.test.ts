import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { openEmbedded } from '../../runtime/embedded/index.js';
import { isMarker } from '../../runtime/engine/header.js';
import { LocalSchemaIds, topicCodec, topics } from '../../schemas/index.js';
import { localRecords } from '../../runtime/localTools.js';
import { syntheticOuladFolder } from '../../scripts/synthetic/index.js';
import { runCli, startCli } from './commands/cliProcess.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 120_000;

/** Event ids of all clicks in the folder. */
async function eventIds(folder: string): Promise<string[]> {
  const storage = await openEmbedded(folder, { readOnly: true });
  const codec = topicCodec(topics.clicks, LocalSchemaIds.withAccepted());
  const partitions = [...Array(topics.clicks.partitions).keys()];
  const all = partitions.flatMap((partition) => [...localRecords(storage.log, 'eu-west.clicks', partition, 0)]);
  const records = all.filter(({ header }) => !isMarker(header));
  const ids = records.map((record) => codec.decode(record.key!.toString(), record.value!).eventId);
  await storage.close();
  return ids;
}

/** Waits until the folder holds some clicks. */
async function someClicks(folder: string): Promise<void> {
  for (;;) {
    const storage = await openEmbedded(folder, { readOnly: true }).catch(() => null);
    const seen = storage?.log.topics().some((spec) => spec.name === 'eu-west.clicks' && storage.log.range(spec.name, 0).end > 0);
    await storage?.close();
    if (seen === true) return;
    await sleep(1);
  }
}

describe('an import that is killed', () => {
  it('goes on where it was, without a click too many or too few', { timeout: SLOW_MS }, async () => {
    const [data, oulad] = [newFolder(), newFolder()];
    const { rows } = await syntheticOuladFolder(oulad, { clicksPerDay: 4_000 });
    const child = startCli(['import', 'oulad', oulad, '--no-run', '--data', data]);
    await someClicks(data);
    child.process.kill('SIGKILL');
    expect((await child.result).signal).toBe('SIGKILL');
    const before = (await eventIds(data)).length;
    expect(before).toBeLessThan(rows);
    const again = await runCli(['import', 'oulad', oulad, '--no-run', '--data', data, '--json']);
    expect(again.json()).toMatchObject({ summary: { import: { alreadyThere: before, written: rows - before } } });
    const ids = await eventIds(data);
    expect(ids).toHaveLength(rows);
    expect(new Set(ids).size).toBe(rows);
  });
});

describe('an import with --run', () => {
  interface Job {
    readonly summary: {
      readonly clicksPerSecond: number;
      readonly seconds: number;
      readonly peakAnonymousBytes: number | null;
      readonly run: { readonly processed: number; readonly lag: number } | null;
    };
  }
  const importing = async (data: string, oulad: string, ...args: string[]): Promise<Job['summary']> =>
    (await runCli(['import', 'oulad', oulad, '--run', 'learner-engagement,item-trends', '--data', data, '--json', ...args])).json<Job>().summary;

  it('runs the topologies over all there is and sums up the whole job', { timeout: SLOW_MS }, async () => {
    const [data, oulad] = [newFolder(), newFolder()];
    const { rows } = await syntheticOuladFolder(oulad);
    const summary = await importing(data, oulad);
    expect(summary.run).toMatchObject({ processed: 2 * rows, lag: 0 });
    expect(summary.clicksPerSecond).toBeCloseTo(rows / summary.seconds);
    if (process.platform === 'linux') expect(summary.peakAnonymousBytes).toBeGreaterThan(10_000_000);
  });

  it(
    'leaves windows open that end behind the last day, so that a later import goes on, and closes them with --end-of-input',
    { timeout: SLOW_MS },
    async () => {
      const [data, oulad] = [newFolder(), newFolder()];
      await syntheticOuladFolder(oulad);
      await importing(data, oulad, '--until-day', '5');
      const midnight = Date.UTC(2013, 9, 7);
      expect(await lastTrend(data)).toBe(midnight);
      const letters = async (): Promise<number> => (await runCli(['dlq', 'list', '--data', data, '--json'])).json<{ total: number }>().total;
      await importing(data, oulad);
      expect([await lastTrend(data), await letters()]).toEqual([Date.UTC(2013, 9, 21), 0]);
      await importing(data, oulad, '--end-of-input');
      // The last day is in windows of seven days that end up to six days later.
      expect([await lastTrend(data), await letters()]).toEqual([Date.UTC(2013, 9, 27), 0]);
    },
  );
});

/** Greatest instant of which the trends of items tell. */
async function lastTrend(data: string): Promise<number> {
  const read = await runCli(['topics', 'read', 'item-trends', '--data', data, '--json', '--limit', '100000']);
  const lines = read.stdout.trimEnd().split('\n');
  return Math.max(...lines.map((line) => (JSON.parse(line) as { value: { asOfMs: number } }).value.asOfMs));
}

describe('generate', () => {
  it('completes what an earlier call began, and adds nothing to what is whole', { timeout: SLOW_MS }, async () => {
    const data = newFolder();
    const args = ['generate', '--learners', '50', '--days', '2', '--events-per-day', '6000', '--seed', '3', '--data', data, '--json'];
    const { summary } = (await runCli(args)).json<{ summary: { written: number; topics: { clicks: number } } }>();
    expect(summary.topics.clicks).toBeGreaterThan(12_000);
    expect((await runCli(args)).json()).toMatchObject({ summary: { written: 0, alreadyThere: summary.written } });
    expect(await eventIds(data)).toHaveLength(summary.topics.clicks);
  });
});
