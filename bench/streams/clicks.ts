/** The clicks of the benchmark, and what a plain fold over them gives. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { schema, topic, type Infer } from '../../schemas/index.js';
import { readOuladClicks } from '../../scripts/oulad/index.js';
import { syntheticClicks } from '../../scripts/synthetic/index.js';

const REAL_FOLDER = join(import.meta.dirname, '../../../shared/data/oulad');
/** As many as the real ones, of as many learners over as many days. */
const SYNTHETIC = { learners: 2_239, days: 540, clicksPerDay: 1_395, outOfOrderMs: 0 };
export const DAY_MS = 86_400_000;
/** Behind every window of the last click. */
const FLUSH_MS = 60 * DAY_MS;
const FLUSH_LEARNER = 'flush-';

export const PARTITIONS = 12;

const clickSchema = schema.record({ learner: schema.string, atMs: schema.long, clicks: schema.long });

export type BenchClick = Infer<typeof clickSchema>;

/** What both sides read. */
export const clicksTopic = topic({ name: 'bench-clicks', schema: clickSchema, keyFields: ['learner'], partitions: PARTITIONS });

/** One window of one learner; `window` is its start, ms since epoch. */
export const resultSchema = schema.record({ learner: schema.string, window: schema.string, events: schema.long, clicks: schema.long });

/** Where one run writes to. */
export const resultsTopic = (run: string) =>
  topic({ name: `bench-windows-${run}`, schema: resultSchema, keyFields: ['learner', 'window'], partitions: PARTITIONS, cleanup: 'compact' });

/** Where the clicks come from. */
export const isReal = existsSync(REAL_FOLDER);

/** In ascending time: of real learners where there are such files, else made up. At most `most`. */
export async function loadClicks(most: number): Promise<BenchClick[]> {
  const clicks: BenchClick[] = [];
  const batches = isReal ? realBatches() : syntheticClicks({ ...SYNTHETIC, region: 'bench' });
  for await (const batch of batches) {
    for (const { learner, occurredAtMs, personal } of batch) clicks.push({ learner, atMs: occurredAtMs, clicks: personal?.clicks ?? 1 });
    if (clicks.length >= most) break;
  }
  return clicks.slice(0, most).sort((a, b) => a.atMs - b.atMs);
}

async function* realBatches() {
  for await (const { events } of readOuladClicks(REAL_FOLDER, { region: 'bench' })) yield events;
}

/** A click of nobody in each partition, so late that every window before it closes. `partitionOf` says where a learner's clicks go. */
export function flushClicks(clicks: readonly BenchClick[], partitionOf: (learner: string) => number): BenchClick[] {
  const atMs = clicks.at(-1)!.atMs + FLUSH_MS;
  const byPartition = new Map<number, BenchClick>();
  for (let n = 0; byPartition.size < PARTITIONS; n++) {
    const learner = `${FLUSH_LEARNER}${n}`;
    byPartition.set(partitionOf(learner), { learner, atMs, clicks: 0 });
  }
  return [...byPartition.values()];
}

export const isFlush = (learner: string): boolean => learner.startsWith(FLUSH_LEARNER);

/** `events,clicks` by `learner|window start`: without the engine, and without the peer. */
export function foldedAlone(clicks: readonly BenchClick[], windowDays: number): Map<string, string> {
  const totals = new Map<string, [events: number, clicks: number]>();
  for (const click of clicks) {
    const lastStartMs = Math.floor(click.atMs / DAY_MS) * DAY_MS;
    for (let nth = 0; nth < windowDays; nth++) {
      const key = `${click.learner}|${lastStartMs - nth * DAY_MS}`;
      const total = totals.get(key);
      if (total === undefined) totals.set(key, [1, click.clicks]);
      else {
        total[0]++;
        total[1] += click.clicks;
      }
    }
  }
  return new Map([...totals].map(([key, total]) => [key, total.join()]));
}
