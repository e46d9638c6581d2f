/** `skillforge training validate`. */
import type { Command } from 'commander';
import { validateExport, type DataCheck, type ValidationReport } from '../ml/pipeline.js';
import { nameList, plainCommand, regionOption, wholeNumber, type PlainOptions } from './options.js';
import { countText, print, printJson, tableText } from './output.js';

/** Options of every command that looks at an export before it is trained on. */
export interface ExportOptions extends PlainOptions {
  readonly export: string;
  readonly region: string;
  readonly until: number;
  readonly previous?: string;
  readonly accept?: readonly string[];
}

interface ValidateOptions extends ExportOptions {
  readonly champion?: string;
}

const DESCRIPTION = `Checks whether an export may be trained on, and refuses it where it may not (SFS_TRAINING_DATA): it is of the region
that is trained for, its features are those of this program, its data reach up to the instant of training, features are numbers, there is enough of everything and about as much as in the training run before, and features are distributed
as when the champion was trained. What cannot be checked for want of a run before, or of a champion, is skipped and says so.

--accept lets a check fail, such as "change" at the start of a term; the report keeps it. Needs the Python packages of "npm run ml:setup -- trainer".`;

/** Checks an export. */
export function trainingValidateCommand(): Command {
  return withExportOptions(
    plainCommand('validate', 'check whether an export may be trained on', DESCRIPTION, [
      'skillforge training validate --export ./training --until 1417392000000',
      'skillforge training validate --export ./training --until 1417392000000 --previous ./runs/2014-11-29 --champion ./models/ranked --json',
    ]),
  )
    .option('--champion <dir>', 'bundle that decides today, for the drift')
    .action(validate);
}

/** Gives a command the options of {@link ExportOptions}. */
export function withExportOptions(command: Command): Command {
  return command
    .requiredOption('--export <dir>', 'folder of the training export')
    .requiredOption('--until <ms>', 'train on what happened before this event time, in ms since epoch', wholeNumber(0))
    .addOption(regionOption())
    .option('--previous <dir>', 'folder of the training run before, for the volume')
    .option('--accept <checks>', 'checks that may fail, with commas between; that they did is recorded', nameList);
}

async function validate({ export: exported, region, until: untilMs, previous, champion, accept, json }: ValidateOptions): Promise<void> {
  const report = await validateExport({ exported, region, untilMs, previous, champion, accepted: accept ?? [] });
  if (json) printJson({ report });
  else print(reportText(report));
}

/** A report for people. */
export function reportText({ counts, checks }: ValidationReport): string {
  const amounts = Object.entries(counts).map(([name, count]) => `${countText(count)} ${name}`);
  return [amounts.join(', '), checksText(checks)].join('\n');
}

const checksText = (checks: readonly DataCheck[]): string =>
  tableText(
    ['check', 'answer', 'why'],
    checks.map(({ name, status, reason }) => [name, status, reason]),
  );
