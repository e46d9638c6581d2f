/** `skillforge reader keys`: API keys of the reader. */
import { Option, type Command } from 'commander';
import { SCOPES, isScope, newKey, readKeys, writeKeys, type KeyEntry, type Scope } from '../../reader/index.js';
import { usageError } from './failures.js';
import { folderOption, groupCommand, nameList, plainCommand, wholeNumber, type PlainOptions } from './options.js';
import { countedText, print, printJson, printable, tableText, timeText } from './output.js';
import { keyFileOf } from './readerOptions.js';
import { viewOption } from './readerView.js';

interface KeysOptions extends PlainOptions {
  readonly data: string;
  readonly view?: string;
  readonly keys?: string;
}

interface AddOptions extends KeysOptions {
  readonly label: string;
  readonly scopes: readonly string[];
  readonly learner?: string;
  readonly rateLimit?: number;
  readonly days?: number;
}

const DAY_MS = 86_400_000;

/** Makes, shows and takes back API keys. */
export function readerKeysCommand(): Command {
  return groupCommand('keys', 'API keys of the reader', [addCommand(), listCommand(), revokeCommand()]);
}

function keysCommand(signature: string, summary: string, description: string, shown: readonly string[]): Command {
  return plainCommand(signature, summary, description, shown)
    .addOption(folderOption())
    .addOption(viewOption())
    .addOption(new Option('--keys <file>', 'file of the keys; by default "keys.json" beside the view'));
}

function addCommand(): Command {
  const description = `Makes an API key and prints it, once: the file keeps a digest of it. Give the file to "reader serve --keys"; a reader that runs takes
the key within a second.

Scopes: ${SCOPES.join(', ')}. With --learner the key reads and writes of that learner alone.`;
  return keysCommand('add', 'make a key', description, [
    'skillforge reader keys add --label course-app',
    'skillforge reader keys add --label tablet --scopes recommendations:read,events:write --learner learner-7 --days 30',
  ])
    .requiredOption('--label <text>', 'what the key is for')
    .option('--scopes <list>', 'what it allows, with commas between', nameList, ['recommendations:read'])
    .option('--learner <id>', 'the only learner whom it may read')
    .option('--rate-limit <n>', 'requests a minute; by default the limit of the reader', wholeNumber(1))
    .option('--days <n>', 'days until it expires; by default it does not', wholeNumber(1))
    .action(add);
}

function add(options: AddOptions): void {
  const { label, learner = null, rateLimit = null, days } = options;
  const createdAtMs = Date.now();
  const expiresAtMs = days === undefined ? null : createdAtMs + days * DAY_MS;
  const { key, entry } = newKey({ label, scopes: scopesIn(options.scopes), learner, perMinute: rateLimit, createdAtMs, expiresAtMs });
  const path = keyFileOf(options);
  writeKeys(path, [...readKeys(path), entry]);
  if (options.json) return printJson({ id: entry.id, key, file: path });
  print(key);
  process.stderr.write(`key ${entry.id} in ${path}; it is shown this once\n`);
}

function scopesIn(names: readonly string[]): readonly Scope[] {
  const scopes = names.filter(isScope);
  if (scopes.length > 0 && scopes.length === names.length) return scopes;
  throw usageError(`--scopes takes ${SCOPES.join(', ')}, with commas between`);
}

function listCommand(): Command {
  return keysCommand('list', 'show the keys', 'Shows what each key is for and what it allows; the keys themselves are nowhere.', [
    'skillforge reader keys list --json',
  ]).action((options: KeysOptions) => {
    const entries = readKeys(keyFileOf(options));
    if (options.json) return entries.forEach(({ sha256: _, ...entry }) => printJson(entry));
    if (entries.length === 0) return print('there are no keys');
    print(tableText(['id', 'label', 'scopes', 'learner', 'expires'], entries.map(rowOf)));
  });
}

const rowOf = ({ id, label, scopes, learner, expiresAtMs }: KeyEntry): string[] => [
  id,
  printable(label),
  scopes.join(' '),
  learner === null ? 'all' : printable(learner),
  expiresAtMs === null ? 'never' : timeText(expiresAtMs),
];

function revokeCommand(): Command {
  return keysCommand(
    'revoke <id...>',
    'let nobody in by these keys',
    'Takes keys out of the file. A reader that runs refuses them within a second.',
    ['skillforge reader keys revoke 0123456789ab'],
  ).action((ids: readonly string[], options: KeysOptions) => {
    const path = keyFileOf(options);
    const entries = readKeys(path);
    const kept = entries.filter(({ id }) => !ids.includes(id));
    const revoked = entries.filter(({ id }) => ids.includes(id)).map(({ id }) => id);
    if (revoked.length > 0) writeKeys(path, kept);
    if (options.json) printJson({ revoked });
    else print(`${countedText(revoked.length, 'key')} revoked${revoked.length < ids.length ? '; the others are not in the file' : ''}`);
  });
}
