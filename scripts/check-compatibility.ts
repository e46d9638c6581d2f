/** Compares schemas/avro with the accepted versions in schemas/accepted; `--help` tells how. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import type { AvroRecord } from '../schemas/avro-schema.js';
import { compareSchemas, readingProblems, type Problem } from '../schemas/compatibility.js';
import { errorMessageOf } from '../schemas/errors.js';
import { acceptedSchemas, packageRoot, readSchemaFile, schemaNames, type AcceptedSchema } from '../schemas/load.js';
import { compileSchema } from '../schemas/wire-schema.js';

const HELP = `Usage: check-compatibility [--accept [--break]] [--json] [--root <folder>]

Compares each schemas/avro/*.avsc with its accepted versions in schemas/accepted/<name>.<version>.avsc:
backward with every accepted version (all of them may lie in a log), forward with the last one.

  --accept   records the present schemas as accepted; refused when a change is incompatible
  --break    with --accept: records incompatible changes too
  --json     prints the report as JSON
  --root     folder that holds schemas/avro (default: this package)
  --help     prints this text

Exit code: 0 compatible, 1 incompatible, 2 wrong use or unreadable files.
`;

/** What became of one schema since it was last accepted. */
export interface SchemaReport {
  readonly name: string;
  readonly status: 'same' | 'new' | 'changed' | 'removed';
  /** Last accepted version; 0 when there is none. */
  readonly acceptedVersion: number;
  readonly backward: readonly (Problem & { readonly version: number })[];
  readonly forward: readonly Problem[];
}

/** Compares present schemas by name with the accepted versions. */
export function checkCompatibility(present: ReadonlyMap<string, AvroRecord>, accepted: readonly AcceptedSchema[]): SchemaReport[] {
  const names = [...new Set([...present.keys(), ...accepted.map((one) => one.name)])].sort();
  return names.map((name) =>
    reportOf(
      name,
      present.get(name),
      accepted.filter((one) => one.name === name),
    ),
  );
}

function reportOf(name: string, schema: AvroRecord | undefined, versions: readonly AcceptedSchema[]): SchemaReport {
  const last = versions.at(-1);
  if (last === undefined) return { name, status: 'new', acceptedVersion: 0, backward: [], forward: [] };
  const base = { name, acceptedVersion: last.version };
  if (schema === undefined)
    return { ...base, status: 'removed', backward: [{ path: '', message: 'the schema was removed', version: last.version }], forward: [] };
  const backward = versions.flatMap((old) => readingProblems(schema, old.schema).map((problem) => ({ ...problem, version: old.version })));
  const status = isDeepStrictEqual(schema, last.schema) ? 'same' : 'changed';
  return { ...base, status, backward, forward: compareSchemas(last.schema, schema).forward };
}

/** Whether a schema has a problem in either direction. */
export function isBroken(report: SchemaReport): boolean {
  return report.backward.length > 0 || report.forward.length > 0;
}

/** Records present schemas as accepted: a new file where the wire changed, the last one again where only words or defaults did. */
export function acceptSchemas(folder: string, present: ReadonlyMap<string, AvroRecord>, accepted: readonly AcceptedSchema[]): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, schema] of present) {
    const last = accepted.filter((one) => one.name === name).at(-1);
    if (last !== undefined && isDeepStrictEqual(schema, last.schema)) continue;
    const version = last === undefined ? 1 : last.version + (sameWire(schema, last.schema) ? 0 : 1);
    writeFileSync(join(folder, `${name}.${String(version)}.avsc`), `${JSON.stringify(schema, null, 1)}\n`);
  }
}

const sameWire = (a: AvroRecord, b: AvroRecord): boolean => compileSchema(a).canonical === compileSchema(b).canonical;

function textOf(report: SchemaReport): string {
  const lines = [
    ...report.backward.map((problem) => `  backward, version ${String(problem.version)}: ${problem.path || '(record)'}: ${problem.message}`),
    ...report.forward.map((problem) => `  forward: ${problem.path || '(record)'}: ${problem.message}`),
  ];
  return [`${report.name}: ${report.status}${lines.length > 0 ? ', INCOMPATIBLE' : ''}`, ...lines].join('\n');
}

interface Options {
  accept: boolean;
  allowBreak: boolean;
  json: boolean;
  help: boolean;
  root: string;
}

function parseOptions(args: readonly string[]): Options {
  const options: Options = { accept: false, allowBreak: false, json: false, help: false, root: '' };
  for (let i = 0; i < args.length; i++) {
    const arg = args[i];
    if (arg === '--accept') options.accept = true;
    else if (arg === '--break') options.allowBreak = true;
    else if (arg === '--json') options.json = true;
    else if (arg === '--help' || arg === '-h') options.help = true;
    else if (arg === '--root' && args[i + 1] !== undefined) options.root = String(args[++i]);
    else throw new Error(`unknown option "${String(arg)}"; see --help`);
  }
  if (options.allowBreak && !options.accept) throw new Error('--break needs --accept');
  return options;
}

function presentSchemas(root: string): Map<string, AvroRecord> {
  const folder = join(root, 'schemas', 'avro');
  return new Map(schemaNames(folder).map((name) => [name, readSchemaFile(join(folder, `${name}.avsc`))]));
}

function run(options: Options, print: (text: string) => void): number {
  const root = options.root === '' ? packageRoot() : options.root;
  const folder = join(root, 'schemas', 'accepted');
  const present = presentSchemas(root);
  const accepted = acceptedSchemas(folder);
  const reports = checkCompatibility(present, accepted);
  const broken = reports.some(isBroken);
  print(options.json ? JSON.stringify({ compatible: !broken, schemas: reports }, null, 2) : reports.map(textOf).join('\n'));
  if (options.accept && (!broken || options.allowBreak)) acceptSchemas(folder, present, accepted);
  return broken && !(options.accept && options.allowBreak) ? 1 : 0;
}

/** The command. Returns its exit code. */
export function main(args: readonly string[], print: (text: string) => void = console.log, complain: (text: string) => void = console.error): number {
  try {
    const options = parseOptions(args);
    if (!options.help) return run(options, print);
    print(HELP);
    return 0;
  } catch (error) {
    complain(`check-compatibility: ${errorMessageOf(error)}`);
    return 2;
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main(process.argv.slice(2));
