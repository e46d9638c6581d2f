/** From a produced click to its produced results, at a steady rate. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Guarantee } from '../../runtime/cluster/index.js';
import { isMarker, readHeader } from '../../runtime/engine/header.js';
import { physicalTopicName } from '../../schemas/index.js';
import { progress, type Table } from '../report.js';
import { PARTITIONS, resultsTopic } from './clicks.js';
import { Dataset, clickRecord } from './dataset.js';
import { WINDOW_DAYS } from './ratio.js';
import type { BenchServers } from './servers.js';
import { runOurs } from './sides.js';

const RATE = 2_000;
const TICK_MS = 10;
const LEARNERS = 2_000;
/** Not counted: processes start and compile. */
const WARM_UP_MS = 20_000;
const MEASURED_MS = 30_000;

/** Clicks at 2,000 a second; each publishes every window that holds it. The time of a click is when it was due to be sent. */
export async function latency(servers: BenchServers, guarantees: readonly Guarantee[]): Promise<Table> {
  const rows: Table['rows'][number][] = [];
  for (const guarantee of guarantees) for (const windowDays of [WINDOW_DAYS, 1]) rows.push(await measured(servers, guarantee, windowDays));
  return {
    title: `Latency at ${RATE} clicks/s: ms from a click to a result of it in the hands of a reader`,
    columns: ['guarantee', 'results of a click', 'results', 'p50', 'p90', 'p99', 'most'],
    rows,
  };
}

async function measured(servers: BenchServers, guarantee: Guarantee, windowDays: number): Promise<Table['rows'][number]> {
  const run = `latency-${guarantee}-${windowDays}`;
  progress(run);
  const dataset = await Dataset.load(servers, run, []);
  const found = new Latencies();
  await dataset.createResults(run);
  const reader = await servers.broker.reader({
    onRecords: ({ records }) => records.forEach(({ header }) => found.take(header)),
    onError: (error) => {
      throw error;
    },
  });
  const topic = physicalTopicName(dataset.region, resultsTopic(run).name);
  await reader.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  await runOurs(dataset, { run, guarantee, windowDays, width: 1 }, 'update', sendSteadily(dataset, found));
  await reader.close();
  return [guarantee, windowDays, found.size, ...[0.5, 0.9, 0.99, 1].map((part) => found.quantile(part))];
}

/** Times between clicks and results, once they count. */
class Latencies {
  private readonly times: number[] = [];
  fromMs = Infinity;

  get size(): number {
    return this.times.length;
  }

  take(header: Buffer | null): void {
    if (header === null || isMarker(header)) return;
    const { eventTimeMs } = readHeader(header)!;
    if (eventTimeMs >= this.fromMs) this.times.push(Date.now() - eventTimeMs);
  }

  quantile(part: number): number {
    const sorted = this.times.sort((a, b) => a - b);
    return sorted[Math.ceil(part * sorted.length) - 1] ?? NaN;
  }
}

async function sendSteadily({ servers, input }: Dataset, found: Latencies): Promise<void> {
  const producer = await servers.broker.producer({ transactionalId: null });
  const startMs = Date.now();
  found.fromMs = startMs + WARM_UP_MS;
  // One call at a time, as the producer has it: what is due while it waits goes with the next. A click counts from when it was due, not from when its call began.
  for (let sent = 0; Date.now() < startMs + WARM_UP_MS + MEASURED_MS; await sleep(TICK_MS)) {
    const due = Math.floor(((Date.now() - startMs) * RATE) / 1e3);
    const clicks = Array.from({ length: due - sent }, (_, n) => ({
      learner: `learner-${(sent + n) % LEARNERS}`,
      atMs: startMs + Math.floor(((sent + n) * 1e3) / RATE),
      clicks: 1,
    }));
    sent = due;
    await producer.send(clicks.map((click) => clickRecord(input, click)));
  }
  await producer.close();
  // What was sent last comes out, too.
  await sleep(2_000);
}
