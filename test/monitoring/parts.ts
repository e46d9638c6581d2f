/** The parts of the system that export metrics, running in this process: a worker, a reader and a gateway. */
import { map } from 'rxjs';
import { aggregate, count } from '../../operators/index.js';
import { createReader, type Reader } from '../../reader/index.js';
import { localPlacement } from '../../runtime/engine/localPlacement.js';
import { PromMetrics, RunMonitor, serveMetrics } from '../../runtime/observability/index.js';
import { memoryStorage } from '../../runtime/testing/index.js';
import { Door, click } from '../gateway/gateways.js';
import { around, event, events } from '../operators/pipelines.js';
import { record, send, started } from '../runtime/engine/running.js';
import { REGION, Shelves } from '../reader/shelves.js';

/** One part that runs. */
export interface Part {
  /** As Prometheus calls what is of this kind. */
  readonly job: string;
  /** Where its metrics are. */
  readonly url: string;
  /** Lets it do something that is counted. */
  act(): Promise<void>;
  close(): Promise<void>;
}

const PARTITIONS = 12;

/** Counts events by key, and fails at some. */
const counting = around((source) =>
  source.pipe(
    map((one) => {
      if (one.value.tag === 'bad') throw new Error('this one is bad');
      return one;
    }),
    aggregate('total', { n: count() }),
  ),
);

async function workerPart(): Promise<Part> {
  const storage = memoryStorage();
  const metrics = new PromMetrics();
  const monitor = new RunMonitor(metrics);
  const worker = await started(monitor.placement(localPlacement(storage)), counting, { mode: 'follow', pollMs: 10 });
  const unfollow = monitor.follow(worker);
  monitor.watchFolder(import.meta.dirname);
  monitor.modelEvent({ kind: 'refused', code: 'SFS_MODEL_DAMAGED' });
  const ended = worker.run();
  const server = await serveMetrics(metrics, { host: '127.0.0.1', port: 0 });
  let sent = 0;
  return {
    job: 'skillforge-workers',
    url: server.url,
    act: async () => {
      const atMs = 1_000 * sent++;
      // Each partition has something: a task without records has no watermark.
      const good = Array.from({ length: PARTITIONS }, (_, partition) => record(events, event(`k${partition}`, atMs), partition));
      await send(storage, ...good, record(events, event('a', atMs, { tag: 'bad' })));
    },
    close: async () => {
      worker.stop();
      await ended;
      unfollow();
      await server.close();
    },
  };
}

async function readerPart(): Promise<Part> {
  const shelves = new Shelves();
  await shelves.recommend('ada', { 'AAA-2014J': { next: ['n1'] } });
  const reader: Reader = await createReader({ log: shelves.log, region: REGION, metrics: true });
  await reader.client.caughtUp();
  const url = await reader.listen({ port: 0 });
  return {
    job: 'skillforge-readers',
    url: `${url}/metrics`,
    act: async () => {
      for (const path of ['ada/recommendations', 'nobody/recommendations', 'ada/recommendations?limit=0'])
        await (await fetch(`${url}/v1/learners/${path}`)).text();
    },
    close: () => reader.close(),
  };
}

/** A gateway as a process has it: its metrics are asked of the port on which it takes events. */
async function gatewayPart(): Promise<Part> {
  const door = await Door.open();
  const url = await door.gateway.listen({ port: 0 });
  const headers = { 'content-type': 'application/json' };
  const post = async (event: object): Promise<void> => {
    const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify([event]) });
    await response.text();
  };
  let sent = 0;
  return {
    job: 'skillforge-gateways',
    url: `${url}/metrics`,
    act: async () => {
      await post(click(`e-${sent++}`));
      await post(click(`e-${sent++}`, { region: 'eu-central' }));
    },
    close: () => door.close(),
  };
}

/** Starts all three. */
export const startParts = (): Promise<readonly Part[]> => Promise.all([workerPart(), readerPart(), gatewayPart()]);
