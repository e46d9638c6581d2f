/** Writes `docs/reference/cli.md` from the definitions of the commands: `tsx scripts/commands/reference.ts`. With `--check` it only compares. */
import { join } from 'node:path';
import type { Command, Option } from 'commander';
import { packageRoot } from '../../schemas/index.js';
import { EXIT_MEANINGS } from './exitCodes.js';
import { examplesOf } from './options.js';
import { skillforgeProgram } from './program.js';
import { writtenByProgram } from '../writtenFile.js';

const INTRODUCTION = `# Command line

<!-- Written by scripts/commands/reference.ts from the commands themselves: change them, then run it. -->

Where the package is installed it is \`npx skillforge\`; in a checkout \`node dist/scripts/skillforge.js\`, or, without a build,
\`node --import tsx scripts/skillforge.ts\`.

The embedded storage is one folder, \`--data\`. One process at a time may write to it (\`start\`, \`run\`, \`topics write\`, \`import\`,
\`generate\`, \`dlq replay\`); all others open it for reading and work beside the writer. Whatever ends a writer, nothing is lost or doubled.

Results go to standard output, progress and errors to standard error. Progress is a bar on a terminal and a line every few seconds
elsewhere. With \`--json\` results are JSON on standard output, one value per line: \`run\` and \`import --run\` print
\`{"progress":…}\` each second and \`{"summary":…}\` at the end, \`topics read\` one object per record, an error is \`{"error":{"code","message","context"}}\`. Times
are ms since epoch (UTC), bytes are base64.`;

/** The text of the reference. */
export async function cliReference(): Promise<string> {
  const commands = leavesOf(await skillforgeProgram(), 'skillforge');
  const contents = commands.map(({ path, command }) => `| [\`${path}\`](#${path.replaceAll(' ', '-')}) | ${cell(command.summary())} |`);
  return (
    [INTRODUCTION, '| command | what it does |\n|---|---|\n' + contents.join('\n'), ...commands.map(commandText), exitText()].join('\n\n') + '\n'
  );
}

interface Leaf {
  readonly path: string;
  readonly command: Command;
}

function leavesOf(command: Command, path: string): Leaf[] {
  if (command.commands.length === 0) return [{ path, command }];
  return command.commands.flatMap((member) => leavesOf(member, `${path} ${member.name()}`));
}

function commandText({ path, command }: Leaf): string {
  const usage = [
    path,
    ...command.registeredArguments.map((one) =>
      one.required ? `<${one.name()}${one.variadic ? '...' : ''}>` : `[${one.name()}${one.variadic ? '...' : ''}]`,
    ),
    '[options]',
  ].join(' ');
  const options = command.options.filter((option) => !option.hidden).map((option) => `| \`${option.flags}\` | ${cell(optionText(option))} |`);
  const examples = examplesOf(command).join('\n');
  return [
    `## ${path}`,
    `\`${usage}\``,
    descriptionText(command.description()),
    '| option | meaning |\n|---|---|\n' + options.join('\n'),
    `\`\`\`sh\n${examples}\n\`\`\``,
  ].join('\n\n');
}

/** Indented lines of a description are a list. */
const descriptionText = (text: string): string => text.replace(/^ {2}(.+?) {2,}(.+)$/gm, '- *$1*: $2');

function optionText(option: Option): string {
  const choices = option.argChoices === undefined ? '' : ` (${option.argChoices.join(', ')})`;
  const fallback =
    option.defaultValue === undefined || typeof option.defaultValue === 'boolean' ? '' : `; default \`${String(option.defaultValue)}\``;
  return `${option.description}${choices}${option.envVar === undefined ? '' : `; from \`${option.envVar}\` when left out`}${fallback}`;
}

const cell = (text: string): string => text.replaceAll('|', '\\|');

function exitText(): string {
  return ['## Exit codes', '| code | meaning |\n|---|---|\n' + EXIT_MEANINGS.map(([code, meaning]) => `| ${code} | ${meaning} |`).join('\n')].join(
    '\n\n',
  );
}

/** Where the reference lies. */
export const referencePath = (): string => join(packageRoot(), 'docs', 'reference', 'cli.md');

await writtenByProgram(import.meta.url, referencePath(), cliReference, 'tsx scripts/commands/reference.ts');
