/** From a produced click to its produced results, at a steady rate. */
import { setTimeout as sleep } from 'node:timers/promises';
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
const RUN = 'latency';

/** Clicks at 2,000 a second; each publishes every window that holds it. The time of a click is when it was handed to the producer. */
export async function latency(servers: BenchServers): Promise<Table> {
  progress(RUN);
  const dataset = await Dataset.load(servers, 'live', []);
  const found = new Latencies();
  await dataset.createResults(RUN);
  const reader = await servers.broker.reader({
    onRecords: ({ records }) => records.forEach(({ header }) => found.take(header)),
    onError: (error) => {
      throw error;
    },
  });
  const topic = physicalTopicName(dataset.region, resultsTopic(RUN).name);
  await reader.assign(Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 })));
  const sent = sendSteadily(dataset, found);
  await runOurs(dataset, { run: RUN, guarantee: 'exactly-once', windowDays: WINDOW_DAYS, width: 1 }, 'update', sent);
  await reader.close();
  const rows = [[`${RATE} clicks/s`, found.size, ...[0.5, 0.9, 0.99, 1].map((part) => found.quantile(part))]];
  return {
    title: 'Latency, exactly once: ms from a click to a result of it in the hands of a reader',
    columns: ['rate', 'results', 'p50', 'p90', 'p99', 'most'],
    rows,
  };
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
  const sends: Promise<void>[] = [];
  for (let sent = 0; Date.now() < startMs + WARM_UP_MS + MEASURED_MS; await sleep(TICK_MS)) {
    const due = Math.floor(((Date.now() - startMs) * RATE) / 1e3);
    const atMs = Date.now();
    const clicks = Array.from({ length: due - sent }, (_, n) => ({ learner: `learner-${(sent + n) % LEARNERS}`, atMs, clicks: 1 }));
    sent = due;
    sends.push(producer.send(clicks.map((click) => clickRecord(input, click))));
  }
  await Promise.all(sends);
  await producer.close();
  // What was sent last comes out, too.
  await sleep(2_000);
}
