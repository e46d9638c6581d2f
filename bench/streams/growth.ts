/** How the cost of an event grows: with processes, with overlapping windows, with keys; and on the embedded storage. */
import { onFolder, type Input } from '../engineRun.js';
import { costOf } from '../measure.js';
import { progress, type Table } from '../report.js';
import { DAY_MS, clicksTopic, type BenchClick } from './clicks.js';
import { Dataset } from './dataset.js';
import { clickWindows, type JobEmission } from './job.js';
import { WINDOW_DAYS, cpuPerMillion, median } from './ratio.js';
import type { BenchServers } from './servers.js';
import { runOurs, type RunCost } from './sides.js';

const GUARANTEE = 'exactly-once';
const COLUMNS = ['events/s', 'CPU s per million', 'peak MiB of a process'] as const;

/** The median run by processor time. */
async function medianRun(runs: number, work: (nth: number) => Promise<RunCost>): Promise<RunCost> {
  const costs: RunCost[] = [];
  for (let nth = 1; nth <= runs; nth++) costs.push(await work(nth));
  const middle = median(costs.map(({ cpuSeconds }) => cpuSeconds));
  return costs.find(({ cpuSeconds }) => cpuSeconds === middle)!;
}

const cells = (events: number, { seconds, cpuSeconds, peakMb }: RunCost): number[] => [events / seconds, cpuPerMillion(cpuSeconds, events), peakMb];

interface Varied {
  readonly name: string;
  readonly emission: JobEmission;
  readonly windowDays: number;
  readonly width: number;
}

async function rowOf(dataset: Dataset, runs: number, { name, ...job }: Varied): Promise<(string | number)[]> {
  progress(name);
  const run = name.replaceAll(/[^a-z0-9]+/g, '-');
  const cost = await medianRun(runs, (nth) =>
    runOurs(dataset, { run: `${run}-${nth}`, guarantee: GUARANTEE, windowDays: job.windowDays, width: job.width }, job.emission),
  );
  return [name, ...cells(dataset.count, cost)];
}

/** One process against two. */
export async function processes(dataset: Dataset, runs: number): Promise<Table> {
  const rows = [];
  for (const width of [1, 2])
    rows.push(await rowOf(dataset, runs, { name: `${width} processes`, emission: 'second', windowDays: WINDOW_DAYS, width }));
  return { title: 'Processes: the job of the ratio, exactly once', columns: ['processes', ...COLUMNS], rows };
}

/** More windows over each click. */
export async function windows(dataset: Dataset, runs: number): Promise<Table> {
  const rows = [];
  for (const windowDays of [7, 28]) rows.push(await rowOf(dataset, runs, { name: `${windowDays} windows`, emission: 'close', windowDays, width: 1 }));
  return { title: 'Overlapping windows, each published once, when it closes', columns: ['windows', ...COLUMNS], rows };
}

/** More learners than the cache holds rows of. */
export async function keys(servers: BenchServers, runs: number): Promise<Table> {
  const rows = [];
  for (const learners of [10_000, 100_000, 1_000_000]) {
    const dataset = await Dataset.load(servers, `keys-${learners}`, drawnClicks(learners));
    rows.push(await rowOf(dataset, runs, { name: `${learners} learners`, emission: 'close', windowDays: WINDOW_DAYS, width: 1 }));
  }
  return { title: 'Learners: 300,000 clicks over 7 days, each of another learner than the one before', columns: ['learners', ...COLUMNS], rows };
}

const DRAWN = 300_000;
const START_MS = Date.UTC(2025, 0, 1);

/** Clicks in even distances. @see D. E. Knuth, "The Art of Computer Programming" 3, 6.4: multiplicative hashing */
function drawnClicks(learners: number): BenchClick[] {
  const learnerOf = (n: number): number => ((Math.imul(n, 2_654_435_761) ^ (n >>> 7)) >>> 0) % learners;
  return Array.from({ length: DRAWN }, (_, n) => ({
    learner: `learner-${learnerOf(n)}`,
    atMs: START_MS + Math.floor((n * 7 * DAY_MS) / DRAWN),
    clicks: 1,
  }));
}

/** The job of the ratio on a folder. */
export async function embedded(clicks: readonly BenchClick[]): Promise<Table> {
  progress('embedded');
  const job = clickWindows({ run: 'embedded', emission: 'second', windowDays: WINDOW_DAYS });
  const input = { topic: clicksTopic, values: () => clicks } as unknown as Input<never>;
  const cost = await costOf(clicks.length, () => onFolder([job], [input]));
  const row = ['embedded', 1e9 / cost.wallNs, cost.cpuNs / 1e3];
  return { title: 'The job of the ratio on the embedded storage', columns: ['storage', 'events/s', 'CPU s per million'], rows: [row] };
}
