import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../schemas/index.js';

/** What the compiler says of a file, one entry per complaint. */
export interface Complaint {
  /** From 1. */
  readonly line: number;
  readonly code: string;
  /** All lines of the message. */
  readonly message: string;
}

/** Paths of the fixtures of a folder next to this file, in order of name. */
export function fixturesOf(folder: 'refused' | 'accepted'): string[] {
  const path = join(packageRoot(), 'test', 'types', folder);
  return readdirSync(path)
    .filter((file) => file.endsWith('.ts'))
    .sort()
    .map((file) => join(path, file));
}

/** Compiles files as one program, with the options of this project. */
export function complaintsOf(paths: readonly string[]): ReadonlyMap<string, readonly Complaint[]> {
  const options = ts.parseJsonConfigFileContent(
    ts.readConfigFile(join(packageRoot(), 'tsconfig.json'), readText).config,
    ts.sys,
    packageRoot(),
  ).options;
  const host = ts.createCompilerHost(options);
  // Refused files are hidden from the compiler of the project, which must find no mistake.
  host.readFile = (path) => ts.sys.readFile(path)?.replace('// @ts-nocheck', '// checked: ');
  const program = ts.createProgram(paths, { ...options, noEmit: true }, host);
  return new Map(
    paths.map((path) => {
      const file = program.getSourceFile(path)!;
      const diagnostics = [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)];
      return [path, diagnostics.map((one) => complaint(file, one))];
    }),
  );
}

const readText = (path: string): string => readFileSync(path, 'utf8');

function complaint(file: ts.SourceFile, { start, code, messageText }: ts.Diagnostic): Complaint {
  const line = file.getLineAndCharacterOfPosition(start ?? 0).line + 1;
  return { line, code: `TS${code}`, message: ts.flattenDiagnosticMessageText(messageText, '\n') };
}

/** What a refused fixture says of itself: `// expect: TS2345 /message/` in its first line, `// refused` above the refused one. */
export function expectationOf(path: string): { readonly line: number; readonly code: string; readonly message: RegExp } {
  const lines = readText(path).split('\n');
  const match = /^\/\/ expect: (TS\d+) \/(.*)\/$/.exec(lines[0]!);
  const line = lines.findIndex((text) => text.trim() === '// refused') + 2;
  if (match === null || line < 2) throw new Error(`${path} needs a first line "// expect: TS<code> /<message>/" and a line "// refused"`);
  return { line, code: match[1]!, message: new RegExp(match[2]!, 's') };
}
