/**
 * What encryption under keys of learners costs the engine: `node --import tsx bench/sealing.ts [--json] [--pairs N] [--only TEXT]`. Each pair of runs, in clear and sealed, is made one after the other, so that
 * both see the same machine; the cost is the median of the pairs. Goal: at most 25 % of the throughput.
 */
import { createCipheriv, createSecretKey, randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { Topology } from '../operators/topology.js';
import { makeRing } from '../runtime/keys/folderRing.js';
import { topics } from '../schemas/index.js';
import { syntheticClicks } from '../scripts/synthetic/index.js';
import activity from '../topologies/learner-activity.js';
import trends from '../topologies/item-trends.js';
import engagement from '../topologies/learner-engagement.js';
import { REGION, onFolder, type Input } from './engineRun.js';
import { perSecond, type Cost, type Run } from './measure.js';
import { progress, report, type Cell, type Table } from './report.js';

const argumentOf = (name: string): string | undefined => process.argv[process.argv.indexOf(name) + 1 || process.argv.length];
const PAIRS = Number(argumentOf('--pairs') ?? 5);
const ONLY = argumentOf('--only') ?? '';
const clicks = [...syntheticClicks({ learners: 2_000, days: 14, clicksPerDay: 5_000, region: REGION })].flat();
const input = { topic: topics.clicks, values: () => clicks } as unknown as Input<never>;

const WORKS: readonly (readonly [name: string, topologies: readonly Topology[]])[] = [
  ['learner-engagement', [engagement]],
  ['item-trends', [trends]],
  ['learner-activity', [activity]],
  ['all three', [engagement, trends, activity]],
];

/** The file of the key lies in the folder, which goes with the run. */
const withKeys = (folder: string): Promise<unknown> => makeRing(folder, { file: join(folder, 'kek.json') }, Date.now());

async function costOf(run: Run): Promise<Cost> {
  const cpuBefore = process.cpuUsage();
  const beforeMs = performance.now();
  await run.work();
  const wallMs = performance.now() - beforeMs;
  const { user, system } = process.cpuUsage(cpuBefore);
  await run.after?.();
  return { cpuNs: ((user + system) * 1e3) / clicks.length, wallNs: (wallMs * 1e6) / clicks.length };
}

async function sealing(): Promise<Table> {
  const rows: Cell[][] = [];
  for (const [name, topologies] of WORKS.filter(([name]) => name.includes(ONLY))) {
    progress(`sealing: ${name}`);
    const pairs: { readonly clear: Cost; readonly sealed: Cost }[] = [];
    for (let pair = 0; pair <= PAIRS; pair++) {
      const clear = await costOf(await onFolder(topologies, [input]));
      const sealed = await costOf(await onFolder(topologies, [input], {}, withKeys));
      // The first lets the compiler do its work.
      if (pair > 0) pairs.push({ clear, sealed });
    }
    const of = (pick: (pair: (typeof pairs)[number]) => number): number => median(pairs.map(pick));
    const lost = (unit: keyof Cost): string => `${Math.round(1_000 * (1 - of(({ clear, sealed }) => clear[unit] / sealed[unit]))) / 10} %`;
    const [clearNs, sealedNs] = [of(({ clear }) => clear.cpuNs), of(({ sealed }) => sealed.cpuNs)];
    rows.push([name, clearNs, perSecond(clearNs), sealedNs, perSecond(sealedNs), lost('cpuNs'), lost('wallNs')]);
  }
  return {
    title: `Sealing: ${clicks.length.toLocaleString('en')} clicks of 2,000 learners over 14 days on embedded storage, in clear and under keys, ${PAIRS} pairs`,
    columns: [
      'topologies',
      'clear, ns CPU',
      'events/s of a CPU',
      'sealed, ns CPU',
      'events/s of a CPU',
      'throughput lost, CPU',
      'throughput lost, wall',
    ],
    rows,
  };
}

/** The cipher alone, for records of the size of a click's: what no design can save. */
function cipher(): Promise<Table> {
  const key = createSecretKey(randomBytes(32));
  const plain = randomBytes(40);
  const nonce = randomBytes(12);
  const count = 200_000;
  const once = (): number => {
    const before = process.cpuUsage();
    for (let at = 0; at < count; at++) {
      const one = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: 16 });
      one.update(plain);
      one.final();
      one.getAuthTag();
    }
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1e3) / count;
  };
  once();
  const ns = median([once(), once(), once()]);
  return Promise.resolve({ title: 'AES-256-GCM of Node, 40 bytes', columns: ['', 'ns CPU', 'a second'], rows: [['seal', ns, perSecond(ns)]] });
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

await report('sealing', [sealing, cipher]);
