/** A run as Prometheus sees it: a real process, scraped over HTTP. */
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { startCollector } from '../../runtime/observability/collector.js';
import { familiesOf, valueOf, type Family } from '../../runtime/observability/exposition.js';
import { runCli, startCli, type CliChild } from './cliProcess.js';
import { newFolder } from '../../fixtures/folders.js';

const SLOW_MS = 600_000;
const POLL = { timeout: 240_000, interval: 200 };
const SCHOOL = ['--learners', '40', '--courses', '2', '--items', '20', '--days', '3', '--events-per-day', '300'];
const data = newFolder();
const children: CliChild[] = [];
afterAll(() => children.forEach(({ process: child }) => child.kill('SIGKILL')));

beforeAll(async () => {
  const { code, stderr } = await runCli(['generate', ...SCHOOL, '--data', data]);
  expect(code, stderr).toBe(0);
}, SLOW_MS);

/** Starts a run; resolves when it has told where its metrics are. */
async function started(...args: string[]): Promise<{ readonly child: CliChild; readonly url: string }> {
  const child = startCli(['run', ...args, '--data', data, '--metrics-port', '0', '--json']);
  children.push(child);
  let text = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (text += bytes.toString()));
  const ended = child.result.then(({ stdout, stderr }) => Promise.reject(new Error(stdout + stderr)));
  while (!text.includes('\n')) await Promise.race([once(child.process.stdout!, 'data'), ended]);
  ended.catch(() => undefined);
  return { child, url: (JSON.parse(text.split('\n')[0]!) as { metrics: { url: string } }).metrics.url };
}

async function scraped(url: string): Promise<Map<string, Family>> {
  const response = await fetch(url);
  expect(response.status).toBe(200);
  return familiesOf(await response.text());
}

interface Counts {
  readonly subtopologies: readonly { readonly processed: number; readonly counters: { readonly records: number; readonly outputs: number } }[];
}

interface Moved {
  readonly records: number;
  readonly outputs: number;
}

const movedOf = (families: Map<string, Family>): Moved => ({
  records: valueOf(families, 'skillforge_records_total'),
  outputs: valueOf(families, 'skillforge_output_records_total'),
});

async function countedInLog(): Promise<Moved> {
  const { subtopologies } = (await runCli(['counts', '--data', data, '--json'])).json<Counts>();
  const sum = (of: (one: Counts['subtopologies'][number]) => number): number => subtopologies.reduce((total, one) => total + of(one), 0);
  return { records: sum(({ processed }) => processed), outputs: sum(({ counters }) => counters.outputs) };
}

/** What the log counts between two scrapes that say the same: a lag of 0 alone may lie between two steps of a run. */
async function unmoved(url: string): Promise<{ readonly families: Map<string, Family>; readonly counted: Moved }> {
  for (const end = Date.now() + POLL.timeout; Date.now() < end;) {
    const families = await scraped(url);
    const counted = await countedInLog();
    const later = movedOf(await scraped(url));
    const { records, outputs } = movedOf(families);
    if (valueOf(families, 'skillforge_lag_records') === 0 && later.records === records && later.outputs === outputs) {
      return { families, counted };
    }
  }
  throw new Error('the run went on moving');
}

describe('the metrics of a run', () => {
  it('reconcile with what lies in the log, and begin at 0 when it goes on', { timeout: SLOW_MS }, async () => {
    const topology = 'learner-engagement@1';
    const { child, url } = await started('learner-engagement');
    const value = async (name: string, labels = {}): Promise<number> => valueOf(await scraped(url), name, labels);
    await expect.poll(() => value('skillforge_records_total'), POLL).toBeGreaterThan(0);
    const { families, counted } = await unmoved(url);
    expect(valueOf(families, 'skillforge_tasks')).toBe(12);
    expect(valueOf(families, 'skillforge_dead_letters_total')).toBe(0);
    expect(valueOf(families, 'skillforge_commit_duration_seconds_count')).toBeGreaterThan(0);
    expect(valueOf(families, 'skillforge_watermark_timestamp_seconds')).toBeGreaterThan(Date.UTC(2025, 8, 3) / 1000);
    expect(families.get('skillforge_records_total')!.samples.map(({ labels }) => Object.keys(labels))).toEqual([['topology']]);
    expect(valueOf(families, 'skillforge_watermark_lag_seconds')).toBeGreaterThanOrEqual(0);
    expect(families.get('skillforge_feature_psi')!.samples).toEqual([]);
    expect(movedOf(families)).toEqual(counted);
    expect(valueOf(families, 'skillforge_lag_records', { topology })).toBe(0);
    child.process.kill('SIGTERM');
    expect((await child.result).code).toBe(0);

    const again = await started('learner-engagement');
    const later = await scraped(again.url);
    expect(valueOf(later, 'skillforge_records_total', { topology })).toBe(0);
    again.child.process.kill('SIGTERM');
    expect((await again.child.result).code).toBe(0);
  });

  it('are refused on a port that is taken, before anything runs', { timeout: SLOW_MS }, async () => {
    const other = createServer().listen(0, '127.0.0.1');
    onTestFinished(() => void other.close());
    await once(other, 'listening');
    const { port } = other.address() as AddressInfo;
    const { code, stderr } = await runCli(['run', 'item-trends', '--until-end', '--data', data, '--metrics-port', String(port)]);
    expect(stderr).toContain('SFS_METRICS_PORT');
    expect(code).toBe(3);
  });

  it('are not served where nobody asks', { timeout: SLOW_MS }, async () => {
    const { code, stderr, stdout } = await runCli(['run', 'curricula', '--until-end', '--data', data]);
    expect({ code, told: `${stdout}${stderr}`.includes('/metrics') }).toEqual({ code: 0, told: false });
  });
});

describe('the traces of a run', () => {
  it('go to a collector, with a secret in the environment', { timeout: SLOW_MS }, async () => {
    const collector = await startCollector();
    onTestFinished(() => collector.close());
    const args = ['run', 'learner-activity', '--until-end', '--data', data, '--traces', collector.address, '--trace-share', '0.2'];
    const without = await runCli(args);
    expect([without.code, without.stderr]).toEqual([3, expect.stringContaining('SFS_TRACES_INVALID')]);
    process.env['SKILLFORGE_TRACE_KEY'] = 'a secret of this test';
    onTestFinished(() => void Reflect.deleteProperty(process.env, 'SKILLFORGE_TRACE_KEY'));
    const { code, stderr } = await runCli(args);
    expect(code, stderr).toBe(0);
    const spans = collector.spans();
    expect(new Set(spans.map(({ name }) => name))).toEqual(new Set(['clicks', 'learner-activity@1 learner-activity']));
    const made = spans.filter(({ kind }) => kind === 5);
    const seen = new Set(spans.map(({ spanId }) => spanId));
    expect(made.every(({ parentSpanId }) => parentSpanId !== undefined && seen.has(parentSpanId))).toBe(true);
  });
});
