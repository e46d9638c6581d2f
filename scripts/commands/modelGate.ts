/** `skillforge model gate`. */
import { InvalidArgumentError, type Command } from 'commander';
import { groupsText } from '../models/gates/groupRows.js';
import { gateTags, runGates, type GateReport } from '../models/gates/runGates.js';
import { THRESHOLDS, type Bounds, type ThresholdName } from '../models/gates/thresholds.js';
import { EXIT } from './exitCodes.js';
import { openedRegistry, registryCommand, type ModelRegistryOptions } from './modelRegistryOptions.js';
import { checksText, failedNames } from './modelText.js';
import { regionOption, wholeNumber } from './options.js';
import { print, printJson } from './output.js';

interface GateCommandOptions extends ModelRegistryOptions {
  readonly region: string;
  readonly export: string;
  readonly from: number;
  readonly until: number;
  readonly bound?: Partial<Bounds>;
}

const DESCRIPTION = `Judges a version before it may decide, and keeps what was found with the version, where "model promote" looks. Exit code 1 where a gate failed.

It is compared with the version in production on the decisions of [--from, --until) in a training export: both rank the same logged rows, and what learners
used in the week after tells who ranked better. Neither may have seen them: --from is at least the instant up to which they were trained, and the export has to
reach a week beyond --until. Without a version in production the opponent is the order that learners were shown. Needs the trainer's Python packages.

What cannot be evaluated has failed. The bounds, each of which --bound replaces:
${Object.entries(THRESHOLDS)
  .map(([name, { bound, unit }]) => `  ${name.padEnd(10)} ${bound} ${unit}`)
  .join('\n')}`;

/** Judges a version. */
export function modelGateCommand(): Command {
  return registryCommand('gate <number>', 'judge a version before it may decide', DESCRIPTION, [
    'skillforge model gate 3 --export ./training --from 1757894400000 --until 1758326400000',
    'skillforge model gate 3 --export ./training --from 1757894400000 --until 1758326400000 --bound latency=20 --bound quality=0 --json',
  ])
    .addOption(regionOption())
    .requiredOption('--export <dir>', 'training export with the decisions, and what learners used in the week after')
    .requiredOption('--from <ms>', 'first event time of the decisions, in ms since epoch', wholeNumber(0))
    .requiredOption('--until <ms>', 'event time before which they were made, in ms since epoch', wholeNumber(0))
    .option('--bound <name=number>', 'another bound than the declared one; may be repeated', boundsOf)
    .action(gate);
}

function boundsOf(text: string, earlier: Partial<Bounds> = {}): Partial<Bounds> {
  const [, name = '', value = ''] = /^([a-z]+)=(.+)$/.exec(text) ?? [];
  const number = Number(value);
  if (name in THRESHOLDS && value.trim() !== '' && Number.isFinite(number)) return { ...earlier, [name as ThresholdName]: number };
  throw new InvalidArgumentError(`Give <name>=<number>, the name one of ${Object.keys(THRESHOLDS).join(', ')}.`);
}

async function gate(number: string, options: GateCommandOptions): Promise<void> {
  const registry = openedRegistry(options);
  const report = await runGates(registry, number, {
    region: options.region,
    export: options.export,
    fromMs: options.from,
    untilMs: options.until,
    bounds: options.bound,
    atMs: Date.now(),
    onProgress: (line) => {
      if (options.json !== true) process.stderr.write(`${line}\n`);
    },
  });
  await registry.tag(number, gateTags(report));
  if (options.json) printJson(report);
  else print([checksText(report.checks), ...groupsText(report.groups), verdictText(report)].join('\n\n'));
  if (report.status === 'failed') process.exitCode = EXIT.failed;
}

function verdictText({ number, bundleVersion, status, champion, checks }: GateReport): string {
  const failed = failedNames(checks);
  const opponent = champion === null ? 'the order that was shown' : `version ${champion}`;
  return `version ${number} (${bundleVersion}) ${status}, compared with ${opponent}${failed === '' ? '' : `: ${failed}`}`;
}
