/**
 * What traces cost a topology: `node --import tsx bench/traces.ts [--json]`. Records of learners are looked at, spans go nowhere: a collector costs the
 * machine that it runs on.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openEmbedded } from '../runtime/embedded/index.js';
import { Deployment } from '../runtime/engine/deployment.js';
import { markerIdOf } from '../runtime/engine/header.js';
import { localPlacement } from '../runtime/engine/localPlacement.js';
import { partitionOf } from '../runtime/engine/partitioner.js';
import { Worker } from '../runtime/engine/worker.js';
import { TracedTasks } from '../runtime/observability/index.js';
import { TraceIdentity, keyOf, topics } from '../schemas/index.js';
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

/** @param share - of the learners that are traced; `null`: as without the option */
async function onFolder(share: number | null): Promise<Run> {
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
  const sink = (): void => {
    told++;
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
    },
    after: async () => {
      await storage.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function traces(): Promise<Table> {
  const rows: Cell[][] = [];
  for (const [name, share] of [
    ['off', null],
    ['1 learner in 1,000', 0.001],
    ['1 in 10', 0.1],
    ['all', 1],
  ] as const) {
    progress(`traces: ${name}`);
    const { cpuNs, wallNs } = await costOf(clicks.length, () => onFolder(share));
    rows.push([name, told, cpuNs, perSecond(cpuNs), wallNs, perSecond(wallNs)]);
  }
  return {
    title: `Traces: learner-activity over ${clicks.length.toLocaleString('en')} clicks of 2,000 learners over 7 days on embedded storage`,
    columns: ['traced', 'spans', 'ns CPU', 'events/s of a CPU', 'ns wall', 'events/s'],
    rows,
  };
}

await report('traces', [traces]);
