/**
 * Compiles what the children run to JavaScript, once per test file: a child then starts in a third of the time that a loader of
 * TypeScript takes, and a test that kills children starts many.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { atEndOfFile } from '../fixtures/endOfFile.js';
import { filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';

const SOURCES = ['schemas', 'operators', 'topologies', 'runtime', 'scripts/synthetic', 'scripts/oulad', 'test/simulation'];
/** Below `node_modules`, so that packages are found from there. */
const CACHE = join(projectRoot, 'node_modules', '.cache');

const COMPILER: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2023,
  module: ts.ModuleKind.ESNext,
  verbatimModuleSyntax: true,
  inlineSourceMap: true,
};

/** Compiles file by file, without a look at types. @returns the folder that mirrors the project's; it goes when the tests of the file are done */
export function compileTree(): string {
  mkdirSync(CACHE, { recursive: true });
  const root = mkdtempSync(join(CACHE, 'skillforge-simulation-'));
  atEndOfFile(() => rmSync(root, { recursive: true, force: true }));
  writeFileSync(join(root, 'package.json'), '{ "type": "module" }');
  const sources = filesOf(SOURCES).filter((path) => path.endsWith('.ts') && !/\.(d|test)\.ts$/.test(path));
  for (const source of sources) compileFile(source, join(root, source.replace(/ts$/, 'js')));
  return root;
}

function compileFile(source: string, target: string): void {
  const fileName = join(projectRoot, source);
  const { outputText } = ts.transpileModule(readFileSync(fileName, 'utf8'), { fileName, compilerOptions: COMPILER });
  mkdirSync(dirname(target), { recursive: true });
  writeFileSync(target, outputText);
}
