/** Asks the compiler about examples: they compile as an analyst's file would, without annotations. */
import { join } from 'node:path';
import ts from 'typescript';
import * as operators from '../../operators/index.js';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { STATELESS } from '../../scripts/topology/check/rxjsNames.js';
import type { Example } from './example.js';
import { returning } from './exampleCode.js';

/** Files that are there for the compiler only. */
const FOLDER = join(projectRoot, 'test', 'docs');
const HEAD = [
  `import { ${[...STATELESS].join(', ')} } from 'rxjs';`,
  `import { ${Object.keys(operators).join(', ')} } from '../../operators/index.js';`,
  "import type { ExampleScope } from './exampleScope.js';",
  '',
].join('\n');
const SCOPE =
  '{ source, table, versionedTable, globalTable, globalVersionedTable, region, events, others, topics, timed, eventSchema }: ExampleScope';

/** Where the entry points of the package lie in a checkout. */
const ENTRY_POINTS: readonly (readonly [specifier: string, path: string])[] = [
  ['skillforge-streams/schemas', '../../schemas/index.js'],
  ['skillforge-streams/reader', '../../reader/index.js'],
  ['skillforge-streams/testing', '../../runtime/testing/index.js'],
  ['skillforge-streams', '../../operators/index.js'],
];

/** A file whose examples are functions of their scope. */
export function fileOfExample({ name, code }: Example): string {
  return `${HEAD}export function example(${SCOPE}) {\n${returning(name, code)}\n}\n`;
}

/** A file of a module that imports from the package. */
export function fileOfModule(text: string): string {
  return ENTRY_POINTS.reduce((changed, [specifier, path]) => changed.replaceAll(`from '${specifier}'`, `from '${path}'`), text);
}

/** What the compiler says of files, by their names; one program for all, because starting one takes seconds. */
export function complaintsOf(files: ReadonlyMap<string, string>): ReadonlyMap<string, readonly string[]> {
  const texts = new Map([...files.values()].map((text, index) => [join(FOLDER, `example${index}.ts`), text]));
  const program = programOf(texts);
  const complaints = [...texts.keys()].map((path) => {
    const file = program.getSourceFile(path)!;
    const found = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
    return found.map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '));
  });
  return new Map([...files.keys()].map((name, index) => [name, complaints[index]!]));
}

function programOf(texts: ReadonlyMap<string, string>): ts.Program {
  const config = ts.readConfigFile(join(projectRoot, 'tsconfig.json'), (path) => ts.sys.readFile(path)).config as unknown;
  const options: ts.CompilerOptions = { ...ts.parseJsonConfigFileContent(config, ts.sys, projectRoot).options, noEmit: true };
  const host = ts.createCompilerHost(options);
  host.fileExists = (path) => texts.has(path) || ts.sys.fileExists(path);
  host.readFile = (path) => texts.get(path) ?? ts.sys.readFile(path);
  return ts.createProgram([...texts.keys()], options, host);
}
