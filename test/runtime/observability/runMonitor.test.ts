import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { aggregate, count } from '../../../operators/index.js';
import { localPlacement } from '../../../runtime/engine/localPlacement.js';
import { PromMetrics, RunMonitor } from '../../../runtime/observability/index.js';
import { StateSizes } from '../../../runtime/observability/stateSizes.js';
import type { Placement, StateSize } from '../../../runtime/ports.js';
import { memoryStorage } from '../../../runtime/testing/index.js';
import { around, event, events } from '../../operators/pipelines.js';
import { record, send, started } from '../engine/running.js';
import { familiesOf, valueOf } from './exposition.js';

const counting = around((source) => source.pipe(aggregate('total', { n: count() })), { latenessMs: 5_000 });
const topology = 'under-test@1';

it('tells how far the tasks of a worker are, while it is followed', async () => {
  const storage = memoryStorage();
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  const worker = await started(monitor.placement(localPlacement(storage)), counting);
  const unfollow = monitor.follow(worker);
  const read = async () => familiesOf(await metrics.read());

  await send(storage, ...Array.from({ length: 40 }, (_, n) => record(events, event('a', 1_000 * n))));
  const before = await read();
  expect(valueOf(before, 'skillforge_tasks', { topology })).toBe(12);
  expect(valueOf(before, 'skillforge_declared_tasks', { topology })).toBe(12);
  expect(valueOf(before, 'skillforge_cached_rows', { topology })).toBe(0);
  expect(valueOf(before, 'skillforge_lag_records', { topology })).toBe(40);
  expect(before.get('skillforge_watermark_timestamp_seconds')!.samples).toEqual([]);

  await worker.run();
  const after = await read();
  expect(valueOf(after, 'skillforge_lag_records', { topology })).toBe(0);
  expect(valueOf(after, 'skillforge_records_total', { topology })).toBe(40);
  expect(valueOf(after, 'skillforge_cached_rows', { topology })).toBe(1);
  expect(valueOf(after, 'skillforge_processing_delay_seconds_count', { topology })).toBeGreaterThan(0);

  unfollow();
  const ended = await read();
  expect(ended.get('skillforge_tasks')!.samples).toEqual([]);
  expect(valueOf(ended, 'skillforge_records_total', { topology })).toBe(40);
});

it('tells what the folder takes of its disk, as long as it can be read', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-monitor-'));
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  const read = async () => familiesOf(await metrics.read());
  expect((await read()).get('skillforge_folder_bytes')!.samples).toEqual([]);
  monitor.watchFolder(folder);
  const empty = valueOf(await read(), 'skillforge_folder_bytes');
  writeFileSync(join(folder, 'data.mdb'), Buffer.alloc(200_000, 1), { flush: true });
  const families = await read();
  expect(valueOf(families, 'skillforge_folder_bytes') - empty).toBeGreaterThanOrEqual(200_000);
  expect(valueOf(families, 'skillforge_folder_free_bytes')).toBeGreaterThan(0);
  rmSync(folder, { recursive: true });
  expect((await read()).get('skillforge_folder_bytes')!.samples).toEqual([]);
});

it('counts what happens to a model that is followed', async () => {
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  monitor.modelEvent({ kind: 'adopted' });
  monitor.modelEvent({ kind: 'refused', code: 'SFS_MODEL_DAMAGED' });
  monitor.modelEvent({ kind: 'refused', code: 'SFS_MODEL_DAMAGED' });
  const families = familiesOf(await metrics.read());
  expect(valueOf(families, 'skillforge_model_events_total', { event: 'adopted', code: '' })).toBe(1);
  expect(valueOf(families, 'skillforge_model_events_total', { event: 'refused', code: 'SFS_MODEL_DAMAGED' })).toBe(2);
});

it('counts what happens to experiments that are followed', async () => {
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  monitor.experimentEvent({ kind: 'read' });
  monitor.experimentEvent({ kind: 'version-refused', code: 'SFS_MODEL_MISSING' });
  const families = familiesOf(await metrics.read());
  expect(valueOf(families, 'skillforge_experiment_events_total', { event: 'read', code: '' })).toBe(1);
  expect(valueOf(families, 'skillforge_experiment_events_total', { event: 'version-refused', code: 'SFS_MODEL_MISSING' })).toBe(1);
});

/** A placement that says how much state its tasks have, as one on servers does; each answer is awaited. */
function sized(placement: Placement, sizeOf: (task: string) => Promise<StateSize>): Placement {
  return {
    ...placement,
    join: (groups, host) => placement.join(groups, host),
    records: (topic, partition) => placement.records(topic, partition),
    leave: () => placement.leave(),
    openTask: async (place) => {
      const access = await placement.openTask(place);
      const { log, tasks } = access;
      return {
        log,
        tasks,
        begin: (positions) => access.begin(positions),
        commit: (commit, positions) => access.commit(commit, positions),
        size: () => sizeOf(place.name),
        close: () => access.close(),
      };
    },
  };
}

it('sums the state of its tasks, keeps the last size where a store does not answer, and asks each once in its time', async () => {
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics, { sizes: new StateSizes(5, 50) });
  const asked: string[] = [];
  let isAway = false;
  const sizeOf = (task: string): Promise<StateSize> => {
    asked.push(task);
    return isAway ? Promise.reject(new Error('away')) : Promise.resolve({ rows: 2, timers: 1, bytes: 100 });
  };
  const worker = await started(monitor.placement(sized(localPlacement(memoryStorage()), sizeOf)), counting, { mode: 'follow', pollMs: 5 });
  const unfollow = monitor.follow(worker);
  const ended = worker.run();
  const read = async () => familiesOf(await metrics.read());
  const bytes = async () => (await read()).get('skillforge_state_bytes')!.samples.map(({ value }) => value);
  await expect.poll(bytes, { timeout: 10_000, interval: 10 }).toEqual([1_200]);
  const families = await read();
  expect(valueOf(families, 'skillforge_state_rows', { topology })).toBe(24);
  expect(valueOf(families, 'skillforge_state_timers', { topology })).toBe(12);
  isAway = true;
  const before = asked.length;
  await expect.poll(() => asked.length, { timeout: 10_000, interval: 10 }).toBeGreaterThan(before + 12);
  expect(await bytes()).toEqual([1_200]);
  // All of them were asked as often.
  const times = [...new Set(asked)].map((task) => asked.filter((one) => one === task).length);
  expect(Math.max(...times) - Math.min(...times)).toBeLessThanOrEqual(1);
  worker.stop();
  await ended;
  unfollow();
  expect(await bytes()).toEqual([]);
});

it('tells no size of state that is at hand', async () => {
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics, { sizes: new StateSizes(1, 1) });
  const worker = await started(monitor.placement(localPlacement(memoryStorage())), counting);
  const unfollow = monitor.follow(worker);
  await worker.run();
  expect(familiesOf(await metrics.read()).get('skillforge_state_bytes')!.samples).toEqual([]);
  unfollow();
});
