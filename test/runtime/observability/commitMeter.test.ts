import { describe, expect, it } from 'vitest';
import { aggregate, count } from '../../../operators/index.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import type { TaskCounters } from '../../../runtime/engine/progress.js';
import type { Worker } from '../../../runtime/engine/worker.js';
import { metered } from '../../../runtime/observability/commitMeter.js';
import type { MetricSink } from '../../../runtime/observability/index.js';
import type { LocalStorage, TaskCommit } from '../../../runtime/ports.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/memoryStorage.js';
import { SkillForgeError } from '../../../schemas/index.js';
import { around, event, events } from '../../operators/pipelines.js';
import { record, send, started } from '../engine/running.js';

const counting = around((source) => source.pipe(aggregate('total', { n: count() })));
const TOPOLOGY = 'under-test@1';

/** Sums of what is measured, by metric, and by code where it has one; of histograms the number of values. */
class Sums implements MetricSink {
  readonly of = new Map<string, number>();
  /** Values of the histogram of delays, seconds. */
  readonly delays: number[] = [];

  add: MetricSink['add'] = (name, labels, by) => this.plus(name, labels, by);
  observe: MetricSink['observe'] = (name, labels, value) => {
    expect(value).toBeGreaterThanOrEqual(0);
    if (name === 'skillforge_processing_delay_seconds') this.delays.push(value);
    this.plus(name, labels, 1);
  };
  replace: MetricSink['replace'] = () => undefined;

  private plus(name: string, labels: Readonly<Record<string, string>>, by: number): void {
    const { topology, code, ...others } = labels;
    expect([topology, others]).toEqual([TOPOLOGY, {}]);
    const key = code === undefined ? name : `${name} ${code}`;
    this.of.set(key, (this.of.get(key) ?? 0) + by);
  }
}

const many = (from: number, to: number) => Array.from({ length: to - from }, (_, n) => record(events, event(`k${(from + n) % 20}`, from + n)));
const counted = (worker: Worker, counter: keyof TaskCounters): number =>
  worker.runningTasks.reduce((sum, { progress }) => sum + (progress.counters[counter] ?? 0), 0);

/** A storage whose topics are there. */
async function ready(options: Parameters<typeof memoryStorage>[0] = {}): Promise<MemoryStorage> {
  const storage = memoryStorage(options);
  await started(storage, counting);
  return storage;
}

async function runOn(storage: LocalStorage, sums: Sums): Promise<Worker> {
  const worker = await started(metered(localPlacement(storage), sums), counting);
  await worker.run();
  return worker;
}

describe('a metered placement', () => {
  it('counts what its tasks committed, and each commit', async () => {
    const storage = await ready();
    await send(storage, ...many(0, 100));
    const sums = new Sums();
    const worker = await runOn(storage, sums);
    expect(sums.of.get('skillforge_records_total')).toBe(100);
    expect(sums.of.get('skillforge_output_records_total')).toBe(counted(worker, 'outputs'));
    expect(sums.of.get('skillforge_output_records_total')).toBeGreaterThan(0);
    expect(sums.of.get('skillforge_dead_letters_total')).toBe(0);
    expect(sums.of.get('skillforge_commit_duration_seconds')).toBeGreaterThan(0);
    expect(sums.of.get('skillforge_commit_failures_total')).toBe(0);
  });

  it('counts nothing that was done before', async () => {
    const storage = await ready();
    await send(storage, ...many(0, 70));
    await runOn(storage, new Sums());
    await send(storage, ...many(70, 100));
    const sums = new Sums();
    const worker = await runOn(storage, sums);
    expect(sums.of.get('skillforge_records_total')).toBe(30);
    expect(counted(worker, 'records')).toBe(100);
  });

  it('tells how long the oldest record of each commit had been in the log, whether it was read before or not', async () => {
    let nowMs = 1_000;
    const storage = await ready({ now: () => nowMs });
    await send(storage, record(events, event('a', 0)));
    nowMs = 4_000;
    await send(storage, record(events, event('a', 1)), record(events, event('a', 2)));
    const sums = new Sums();
    const worker = await started(metered(localPlacement(storage), sums, { now: () => 11_000 }), counting, { limits: { maxRecords: 1 } });
    await worker.run();
    expect(sums.delays).toEqual([10, 7, 7]);
  });

  it('tells no delay below 0 where the clock of the log is ahead', async () => {
    const storage = await ready({ now: () => 5_000 });
    await send(storage, record(events, event('a', 0)));
    const sums = new Sums();
    await (await started(metered(localPlacement(storage), sums, { now: () => 1_000 }), counting)).run();
    expect(sums.delays).toEqual([0]);
  });

  it('counts rows that are read from the store and written to it', async () => {
    const storage = await ready();
    await send(storage, ...many(0, 100));
    const sums = new Sums();
    await runOn(storage, sums);
    const read = sums.of.get('skillforge_state_reads_total')!;
    expect(read).toBeGreaterThanOrEqual(20);
    expect(sums.of.get('skillforge_state_writes_total')).toBeGreaterThanOrEqual(20);
    expect(sums.of.get('skillforge_state_write_bytes_total')).toBeGreaterThan(20);
    await send(storage, ...many(100, 101));
    const later = new Sums();
    await runOn(storage, later);
    expect(later.of.get('skillforge_state_reads_total')).toBeGreaterThan(0);
    expect(later.of.get('skillforge_state_reads_total')).toBeLessThan(read);
  });

  it('counts dead letters by their codes', async () => {
    const storage = await ready();
    const [{ topic, partition }] = many(0, 1) as [ReturnType<typeof record>];
    await send(storage, ...many(0, 10), { topic, partition, key: Buffer.from('k'), value: Buffer.from('nonsense'), header: null });
    await send(storage, { topic, partition, key: Buffer.from('k'), value: null, header: null });
    const sums = new Sums();
    await runOn(storage, sums);
    const codes = [...sums.of].filter(([name]) => name.startsWith('skillforge_dead_letters_by_code_total'));
    expect(codes.length).toBe(2);
    expect(codes.reduce((total, [, count]) => total + count, 0)).toBe(2);
    expect(sums.of.get('skillforge_dead_letters_total')).toBe(2);
    expect(sums.of.get('skillforge_dead_letters_by_code_total SFS_WIRE_FORMAT')).toBe(1);
  });

  it('counts a commit that fails as that, and once what is computed again', async () => {
    const storage = await ready();
    await send(storage, ...many(0, 50));
    const sums = new Sums();
    let fails = true;
    const { log, tasks, documents } = storage;
    const failing: LocalStorage = {
      log,
      tasks,
      documents,
      close: () => storage.close(),
      commit: (commit: TaskCommit) => {
        if (!fails) return storage.commit(commit);
        fails = false;
        return Promise.reject(new SkillForgeError('SFS_STORAGE_FAILED', 'the disk is gone'));
      },
    };
    await expect(runOn(failing, sums)).rejects.toMatchObject({ code: 'SFS_STORAGE_FAILED' });
    expect(sums.of.get('skillforge_commit_failures_total')).toBe(1);
    await runOn(failing, sums);
    expect(sums.of.get('skillforge_records_total')).toBe(50);
  });
});
