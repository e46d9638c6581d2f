/** Writes `docs/reference/capacity.md` from the costs and formulae: `tsx scripts/capacity/page.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { countText } from '../commands/output.js';
import { writtenByProgram } from '../writtenFile.js';
import { COSTS, MEASURED_SCHOOL, type Cost, type Origin } from './costs.js';
import { planCapacity, type Load } from './plan.js';
import { FIGURE_NAMES, figureText } from './planText.js';
import { DEPLOYED_LOAD, requestRows } from './requests.js';

/** The loads that the page shows. */
const LOADS: readonly Load[] = [50e6, 500e6].flatMap((eventsPerDay) => [10e6, 100e6].map((learners) => ({ eventsPerDay, learners })));

const { learners, days, eventsPerDay } = MEASURED_SCHOOL;

const INTRODUCTION = `# Capacity

<!-- Written by scripts/capacity/page.ts from scripts/capacity/costs.ts and plan.ts: change them, then run it. -->

What a region needs for a load, as \`skillforge capacity\` says it for any other:

\`\`\`sh
node dist/scripts/skillforge.js capacity --events-per-day 50e6 --learners 10e6
\`\`\`

These are first plans, not promises. Processor times were measured on two cores that others used, so most are high; bytes come from a made-up school. Look at the
[metrics](metrics.md) of the real thing, and plan again.`;

const NOTES = `- The closing of a day rules the workers: the windows of all learners close at once, and each of them gets a new list. Who can wait longer than an hour needs fewer.
- The feature log is more than half of the disk: what every eighth decision saw, for training. A smaller share (\`loggedShare\` of the recommendations) or fewer
  days make it cheaper.
- More workers than partitions have nothing to do. The catalogue has 12 partitions; more must be chosen before the first start, since keys hash by their number.
- Redis has each row once, and the replicas of its shards once more. Which rows grow with items is in the table; a learner who has used more of them than assumed costs more.
- A load of more events for each learner is reckoned too high: windows are told once, however many events they hold.
- Several gateways have an identity map each, so each learner must always come to the same one ([deploy a region](../how-to/deploy-a-region.md#more-than-one-gateway)).
- Left out: the archive, models, Prometheus, and the markers of the clocks in topics, whose number follows partitions and time.`;

/** The text of the page. */
export function capacityPage(): string {
  return (
    [
      INTRODUCTION,
      `## What loads need\n\n${loadsTable()}\n\n${NOTES}`,
      `## What a process asks for\n\n${requestsText()}\n\n${table(['what', 'request', 'use', 'times', 'from'], requestRows(pageLink))}`,
      `## How it is reckoned\n\nOver the costs of the next table and the figures above each; times in µs count as seconds.\n\n${formulaTable()}`,
      `## Costs\n\n${schoolText()}\n\n${costTable()}`,
    ].join('\n\n') + '\n'
  );
}

function loadsTable(): string {
  const plans = LOADS.map((load) => Object.entries(planCapacity(load)));
  const heading = LOADS.map((load) => `${inMillions(load.eventsPerDay)} events a day, ${inMillions(load.learners)} learners`);
  const rows = plans[0]!.map(([name], at) => [FIGURE_NAMES[name]!, ...plans.map((plan) => figureText(plan[at]![1]))]);
  return table(['what', ...heading], rows);
}

const inMillions = (count: number): string => `${countText(count / 1e6)} M`;

function formulaTable(): string {
  const rows = Object.entries(planCapacity(LOADS[0]!)).map(([name, { unit, formula }]) => [
    `\`${name}\``,
    FIGURE_NAMES[name]!,
    unit,
    `\`${formula}\``,
  ]);
  return table(['figure', 'what', 'unit', 'formula'], rows);
}

const schoolText =
  (): string => `*school*: \`skillforge generate --learners ${learners} --days ${days} --events-per-day ${eventsPerDay}\`, then all nine topologies to the end on
the embedded storage, which decides by the formula: five clicks a learner and day. The topologies ran side by side. A test makes the run anew, one group of topologies after the other, and compares within a factor of 2: how many decisions there are, and so the bytes of one in the feature log, depends on that by 1.7 times; all other costs came out within a tenth. What is planned for that school is compared with the run, too: on 2026-11-29 a day took 525 KB of log where 522 KB were planned, and all days together 22 s of processor time where 26 s were (with a model and servers; the run had a formula and a folder). *measured*: the page that is named says it in the quoted words. *server*: a test asks the server. *assumed*: a choice, not measured.`;

function costTable(): string {
  const rows = Object.entries<Cost>(COSTS).map(([name, { value, unit, of, from }]) => [
    `\`${name}\``,
    String(value),
    `${unit}: ${of}`,
    originText(from),
  ]);
  return table(['cost', 'value', 'of what', 'from'], rows);
}

const requestsText =
  (): string => `Requests of the containers in \`deploy/kubernetes\`, for the first load above (${inMillions(DEPLOYED_LOAD.eventsPerDay)} events a day, ${inMillions(DEPLOYED_LOAD.learners)} learners). *use* is what a process was seen or is reckoned to use
at the peak, *times* how many times that the request is; where nobody has measured it the request is a choice. m is a thousandth of a core.`;

/** A link to a page, from this one. */
function pageLink(page: string): string {
  return `[${page.split('/').at(-1)!}](${page.replace(/^docs\/reference\//, '').replace(/^docs\//, '../')})`;
}

function originText(from: Origin): string {
  if (from.kind !== 'measured') return `${from.kind}: ${from.note}`;
  return `measured: ${pageLink(from.page)}, "${from.quote}"${from.note === undefined ? '' : `: ${from.note}`}`;
}

function table(heading: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heading), `|${heading.map(() => '---').join('|')}|`, ...rows.map(line)].join('\n');
}

/** Where the page lies. */
export const capacityPagePath = (): string => join(packageRoot(), 'docs', 'reference', 'capacity.md');

await writtenByProgram(import.meta.url, capacityPagePath(), capacityPage, 'tsx scripts/capacity/page.ts');
