/** `skillforge oversight list` and `log`. */
import type { Command } from 'commander';
import { readingOversight } from '../oversight/access.js';
import { oversightLog, type LoggedAct, type OversightLog } from '../oversight/acts.js';
import type { OverrideTerms } from '../oversight/orders.js';
import { overseeingCommand, withKeyOptions, type OversightOptions } from './oversightOptions.js';
import { print, printJson, printable, tableText, timeText } from './output.js';

/** Shows what holds. */
export function oversightListCommand(): Command {
  return readCommand(
    'list',
    'show what is paused, blocked, killed and overridden now',
    'Shows what people decided about the recommender and what of it holds now, by the log.',
    ['skillforge oversight list', 'skillforge oversight list --json --kafka localhost:9092'],
    showList,
  );
}

/** Shows who did what. */
export function oversightLogCommand(): Command {
  return readCommand(
    'log',
    'show who decided what, when and why',
    `Shows every decision of people about the recommender, the oldest first. The log is only appended to; of a learner who was erased nothing is in it any more.`,
    ['skillforge oversight log', 'skillforge oversight log --json'],
    showLog,
  );
}

function readCommand(
  name: string,
  summary: string,
  description: string,
  shown: readonly string[],
  show: (log: OversightLog, options: OversightOptions) => void,
): Command {
  return withKeyOptions(overseeingCommand(name, summary, description, shown), 'what is sealed is not shown').action(
    async (options: OversightOptions) => {
      const log = await readingOversight(options, (topics) => oversightLog(topics, options.region));
      show(log, options);
      if (log.sealed > 0) process.stderr.write(`${log.sealed} decisions about single learners are sealed, and not shown: give --redis\n`);
      if (log.unknown > 0) process.stderr.write(`${log.unknown} records have ids of a schema registry, and are not shown: give --registry\n`);
    },
  );
}

function showList({ inForce, overrides }: OversightLog, { json, region }: OversightOptions): void {
  const learners = [...overrides].map(([learner, terms]) => ({ learner, ...terms }));
  if (json) return printJson({ region, ...inForce, overrides: learners });
  const lines = [
    ...(inForce.paused ? [`the region ${region} is paused`] : []),
    ...inForce.pausedCourses.map((course) => `course ${printable(course)} is paused`),
    ...inForce.blockedItems.map((item) => `item ${printable(item)} is blocked`),
    ...inForce.killedModels.map((model) => `model ${printable(model)} is killed`),
    ...learners.map(({ learner, ...terms }) => `learner ${printable(learner)}: ${termsText(terms)}`),
  ];
  print(lines.length === 0 ? 'nothing is paused, blocked, killed or overridden' : lines.join('\n'));
}

function showLog({ acts }: OversightLog, { json }: OversightOptions): void {
  if (json) return acts.forEach((act) => printJson({ ...act, at: new Date(act.atMs).toISOString() }));
  if (acts.length === 0) return print('nobody has decided anything yet');
  print(
    tableText(
      ['when', 'who', 'what', 'why'],
      acts.map((act) => [timeText(act.atMs), printable(act.by), actText(act), printable(act.reason)]),
    ),
  );
}

function actText({ action, target, terms }: LoggedAct): string {
  const what = `${action} ${target === null ? 'the region' : printable(target)}`;
  return terms === undefined ? what : `${what}: ${termsText(terms)}`;
}

function termsText({ baseline, pinned, excluded }: OverrideTerms): string {
  const said = [
    ...(baseline ? ['what is popular'] : []),
    ...(pinned.length > 0 ? [`first ${pinned.map(printable).join(', ')}`] : []),
    ...(excluded.length > 0 ? [`without ${excluded.map(printable).join(', ')}`] : []),
  ];
  return said.join('; ');
}
