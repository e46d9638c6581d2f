/**
 * What a look-up costs a reader whose view is sealed: `node --import tsx bench/sealedView.ts [--json] [--learners N]`. Two views on disk, in clear and sealed, of the same lists, are asked in one process in turns, so
 * that both see the same machine. Goal: a view in clear pays nothing, and a sealed one less than an answer over HTTP takes.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { RecommendationClient, type RecommendationLog } from '../reader/index.js';
import type { DiskKeys } from '../schemas/index.js';
import { MADE_MS, REGION, MadeUpLists, evenEnds, learnerOf } from './madeUpLists.js';
import { progress, report, type Table } from './report.js';

const argumentOf = (name: string): string | undefined => process.argv[process.argv.indexOf(name) + 1 || process.argv.length];
const LEARNERS = Number(argumentOf('--learners') ?? 5_000);
const [WARM, ROUNDS, ASKED] = [2, 15, 1_000];

/** Wraps nothing: a view unwraps its key once. */
const keys: DiskKeys = {
  areThere: () => Promise.resolve(true),
  wrap: (secret) => Promise.resolve(secret.toString('base64')),
  unwrap: (wrapped) => Promise.resolve(Buffer.from(wrapped, 'base64')),
};

interface Cost {
  readonly cpuMicros: number;
  readonly personal: number;
}

async function opened(folder: string, log: RecommendationLog): Promise<RecommendationClient> {
  const client = await RecommendationClient.openStill({ log, region: REGION, store: { folder }, now: () => MADE_MS });
  await client.catchUp();
  return client;
}

/** Each question is one of another learner: nothing that was opened is asked for again. */
function costOf(client: RecommendationClient, round: number): Cost {
  const before = process.cpuUsage();
  let personal = 0;
  for (let at = 0; at < ASKED; at++) if (client.get(learnerOf((round * ASKED + at * 7) % LEARNERS), { limit: 5 }).served === 'personal') personal++;
  const { user, system } = process.cpuUsage(before);
  return { cpuMicros: (user + system) / ASKED, personal };
}

const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;

async function inTurns(folder: string): Promise<Table> {
  const log = new MadeUpLists(evenEnds(LEARNERS));
  const clear = await opened(join(folder, 'clear'), log);
  const sealed = await opened(join(folder, 'sealed'), Object.assign(new MadeUpLists(evenEnds(LEARNERS)), { diskKeys: () => keys }));
  const costs: Record<'clear' | 'sealed', number[]> = { clear: [], sealed: [] };
  for (let round = -WARM; round < ROUNDS; round++) {
    const [one, two] = [costOf(clear, round + WARM), costOf(sealed, round + WARM)];
    if (one.personal !== ASKED || two.personal !== ASKED) throw new Error('not every learner got the own list');
    if (round < 0) continue;
    costs.clear.push(one.cpuMicros);
    costs.sealed.push(two.cpuMicros);
    progress(`round ${round + 1} of ${ROUNDS}`);
  }
  await clear.close();
  await sealed.close();
  const ratio = median(costs.sealed.map((cost, at) => cost / costs.clear[at]!));
  return {
    title: `An answer from a view on disk, ${LEARNERS.toLocaleString('en')} learners, the list of another one each time; medians of ${ROUNDS} rounds in turns`,
    columns: ['view', 'CPU µs', 'of one in clear'],
    rows: [
      ['in clear', median(costs.clear).toFixed(1), '1.00'],
      ['sealed', median(costs.sealed).toFixed(1), ratio.toFixed(2)],
    ],
  };
}

const folder = mkdtempSync(join(tmpdir(), 'skillforge-bench-'));
try {
  await report('sealed view', [() => inTurns(folder)]);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
