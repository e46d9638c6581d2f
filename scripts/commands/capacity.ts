/** `skillforge capacity`. */
import type { Command } from 'commander';
import { topics } from '../../schemas/index.js';
import { planCapacity, type Plan } from '../capacity/plan.js';
import { FIGURE_NAMES, figureText } from '../capacity/planText.js';
import { plainCommand, positiveNumber, type PlainOptions } from './options.js';
import { countText, print, printJson, tableText } from './output.js';

interface CapacityOptions extends PlainOptions {
  readonly eventsPerDay: number;
  readonly learners: number;
}

const DESCRIPTION = `Says what a region needs for a load: brokers, partitions, workers, Redis, readers and disks. It asks no server. Every number follows from a table of
measured costs and of choices, which docs/reference/capacity.md shows with the formulae and with where each number is from.

The numbers are a first plan, not a promise: costs were measured on two cores that others used, so most are high. Look at the metrics of the real thing, and
plan again.`;

/** Plans capacity. */
export function capacityCommand(): Command {
  return plainCommand('capacity', 'say what a load needs: brokers, workers, Redis, readers, disks', DESCRIPTION, [
    'skillforge capacity --events-per-day 50e6 --learners 10e6',
    'skillforge capacity --events-per-day 500e6 --learners 100e6 --json',
  ])
    .requiredOption('--events-per-day <n>', 'clicks and other events of learners, on the mean of a day', positiveNumber)
    .requiredOption('--learners <n>', 'learners of running courses', positiveNumber)
    .action(plan);
}

function plan({ eventsPerDay, learners, json }: CapacityOptions): void {
  const figures = planCapacity({ eventsPerDay, learners });
  if (json) return printJson({ load: { eventsPerDay, learners }, plan: figures });
  print(`${countText(eventsPerDay)} events a day of ${countText(learners)} learners need`);
  const rows = Object.entries(figures).map(([name, figure]) => [FIGURE_NAMES[name]!, figureText(figure)]);
  print(tableText(['what', 'how much'], rows));
  const note = partitionNote(figures);
  if (note !== null) print(note);
}

/** What to do where the catalogue has too few partitions for the workers. */
function partitionNote({ partitions }: Pick<Plan, 'partitions'>): string | null {
  const there = topics.clicks.partitions;
  if (partitions.value <= there) return null;
  return `The catalogue (schemas/topics.ts) has ${there} partitions, so no more than ${there} workers of a topology have work. Raise it before the first start: later it takes new topics.`;
}
