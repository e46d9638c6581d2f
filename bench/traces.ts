/**
 * What traces cost a topology: `node --import tsx bench/traces.ts [--json]`. Records of learners are looked at; spans go nowhere, and in the last row to a
 * collector in a process of its own, which costs the machine that it runs on. What they cost an answer of the reader: `bench/reader.ts`.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { openEmbedded } from '../runtime/embedded/index.js';
import { Deployment } from '../runtime/engine/deployment.js';
import { markerIdOf } from '../runtime/engine/header.js';
import { localPlacement } from '../runtime/engine/localPlacement.js';
import { partitionOf } from '../schemas/partitioner.js';
import { Worker } from '../runtime/engine/worker.js';
import { TracedTasks } from '../runtime/observability/index.js';
import { OtlpExporter } from '../runtime/observability/traces/otlpExporter.js';
import { TraceIdentity, keyOf, topics, type Span } from '../schemas/index.js';
import { syntheticClicks } from '../scripts/synthetic/index.js';
import activity from '../topologies/learner-activity.js';
import { REGION } from './engineRun.js';
import { costOf, perSecond, type Run } from './measure.js';
import { progress, report, type Cell, type Table } from './report.js';

const CHUNK = 5_000;
/** Event time between two markers. */
const MARKER_MS = 600_000;
const clicks = [...syntheticClicks({ learners: 2_000, days: 7, clicksPerDay: 5_000, region: REGION })].flat();
/** Spans of the last run. */
let told = 0;

/** Takes whatever comes, and says the port. */
const COLLECTOR = `require('node:http').createServer((asked, answer) => asked.resume().on('end', () => answer.end('{}')))
  .listen(0, '127.0.0.1', function () { console.log(this.address().port); });`;

/** A collector in a process of its own. */
async function startCollector(): Promise<{ readonly address: string; stop(): void }> {
  const child = spawn(process.execPath, ['-e', COLLECTOR], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [port] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return { address: `http://127.0.0.1:${port}`, stop: () => child.kill() };
}

/**
 * @param share - of the learners that are traced; `null`: as without the option
 * @param collector - address of one that spans are sent to; `null` for none
 */
async function onFolder(share: number | null, collector: string | null): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'sfs-bench-'));
  const storage = await openEmbedded(folder, { markerIdOf });
  const deployment = new Deployment(activity, REGION, storage);
  for (const spec of deployment.topicSpecs()) storage.log.ensureTopic(spec);
  const codec = deployment.codecOf(topics.clicks);
  const records = clicks.map((click) => {
    const key = keyOf(topics.clicks, click);
    const bytes = Buffer.from(key);
    const place = { topic: deployment.physicalName(topics.clicks), partition: partitionOf(bytes, topics.clicks.partitions) };
    return { ...place, key: bytes, value: codec.encode(key, click), header: null };
  });
  for (let at = 0; at < records.length; at += CHUNK) await storage.log.append(records.slice(at, at + CHUNK));
  told = 0;
  const exporter = collector === null ? null : new OtlpExporter({ address: collector, service: 'bench', region: REGION, everyMs: 50 });
  const sink = (span: Span): void => {
    told++;
    exporter?.add(span);
  };
  const traced = share === null ? null : new TracedTasks({ identity: new TraceIdentity('a secret of the bench', share), sink });
  const placement = localPlacement(storage);
  const worker = new Worker([activity], traced?.placement(placement) ?? placement, {
    region: REGION,
    mode: 'end-of-input',
    limits: { markerMs: MARKER_MS },
  });
  traced?.know(worker.deployments);
  return {
    work: async () => {
      await worker.start();
      await worker.run();
      await exporter?.close();
      if (exporter !== null && (exporter.dropped > 0 || exporter.sent !== told))
        throw new Error(`${told} spans, of which ${exporter.sent} were sent`);
    },
    after: async () => {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function traces(): Promise<Table> {
  const rows: Cell[][] = [];
  const collector = await startCollector();
  for (const [name, share, address] of [
    ['off', null, null],
    ['1 learner in 1,000', 0.001, null],
    ['1 in 10', 0.1, null],
    ['all', 1, null],
    ['1 in 10, sent to a collector', 0.1, collector.address],
  ] as const) {
    progress(`traces: ${name}`);
    const { cpuNs, wallNs } = await costOf(clicks.length, () => onFolder(share, address));
    rows.push([name, told, cpuNs, perSecond(cpuNs), wallNs, perSecond(wallNs)]);
  }
  collector.stop();
  return {
    title: `Traces: learner-activity over ${clicks.length.toLocaleString('en')} clicks of 2,000 learners over 7 days on embedded storage`,
    columns: ['traced', 'spans', 'ns CPU', 'events/s of a CPU', 'ns wall', 'events/s'],
    rows,
  };
}

await report('traces', [traces]);
