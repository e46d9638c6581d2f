/** Options that commands have in common, and the parsers of their values. */
import { Command, InvalidArgumentError, Option } from 'commander';

/** What every command that touches a folder is told. */
export interface FolderOptions {
  readonly data: string;
  readonly region: string;
  readonly json?: true;
  readonly verbose?: true;
}

/** What every other command is told. */
export interface PlainOptions {
  readonly json?: true;
  readonly verbose?: true;
}

const examples = new WeakMap<Command, readonly string[]>();

/** Command lines that show a command at work; they stand in its help and in the reference. */
export const examplesOf = (command: Command): readonly string[] => examples.get(command) ?? [];

/** Folder of the embedded storage when nothing else is said. */
export const DEFAULT_FOLDER = '.skillforge';
/** Region when nothing else is said. */
export const DEFAULT_REGION = 'eu-west';

/** A command with `--json` and `--verbose`. @param signature - name and arguments, such as `read <topic>` */
export function plainCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  const [name, ...parameters] = signature.split(' ');
  const command = new Command(name).summary(summary).description(paragraphsOf(description));
  for (const parameter of parameters) command.argument(parameter);
  command.exitOverride().showHelpAfterError('(the same with --help explains it)');
  command.option('--json', 'print JSON for programs instead of text').option('--verbose', 'show the stack of an error');
  command.addHelpText('after', `\nExamples:\n${shown.map((line) => `  ${line}\n`).join('')}`);
  examples.set(command, shown);
  return command;
}

/** Lets the terminal break the lines of paragraphs; indented lines stay as they are. */
const paragraphsOf = (text: string): string => text.replace(/(?<=[^\n])\n(?=[^\n ])/g, ' ');

/** A command that also has `--data` and `--region`. */
export function folderCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return plainCommand(signature, summary, description, shown).addOption(folderOption()).addOption(regionOption());
}

/** `--data`, by default from the environment. */
export function folderOption(): Option {
  return new Option('--data <dir>', 'folder of the embedded storage').env('SKILLFORGE_DATA').default(DEFAULT_FOLDER);
}

/** `--region`: the first part of the names of topics. */
export function regionOption(): Option {
  return new Option('--region <name>', 'region, the first part of the names of topics').env('SKILLFORGE_REGION').default(DEFAULT_REGION);
}

/** A command that only holds others. */
export function groupCommand(name: string, summary: string, members: readonly Command[]): Command {
  const group = new Command(name).summary(summary).description(`${summary.charAt(0).toUpperCase()}${summary.slice(1)}.`);
  group.exitOverride().helpCommand(false).showHelpAfterError();
  for (const member of members) group.addCommand(member);
  return group;
}

/** Parser of whole numbers from `least` on. */
export function wholeNumber(least: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (/^-?\d+$/.test(text) && Number.isSafeInteger(number) && number >= least) return number;
    throw new InvalidArgumentError(`Give a whole number${Number.isFinite(least) ? ` from ${least} on` : ''}.`);
  };
}

/** Parser of numbers above 0. */
export function positiveNumber(text: string): number {
  const number = Number(text);
  if (text.trim() !== '' && Number.isFinite(number) && number > 0) return number;
  throw new InvalidArgumentError('Give a number above 0.');
}

/** Parser of names with commas between. */
export function nameList(text: string): readonly string[] {
  const names = text.split(',').map((name) => name.trim());
  if (names.every((name) => name !== '')) return names;
  throw new InvalidArgumentError('Give names with commas between.');
}
