/** Loads topology files with the built loader: run from TypeScript, something else compiles them. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { countsAsCommonJs } from '../../scripts/topologyFiles.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 60_000;
/** Below `node_modules`, so that the compiler is found from there. */
const CACHE = join(projectRoot, 'node_modules', '.cache');
const TOPOLOGY = `import { topology } from 'skillforge-streams';\nexport default topology('mine', { version: 3 }, (): void => undefined);\n`;
let built = '';

function write(path: string, text: string): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

const transpiled = (source: string): string =>
  ts.transpileModule(readFileSync(join(projectRoot, source), 'utf8'), {
    compilerOptions: { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.ESNext, verbatimModuleSyntax: true },
  }).outputText;

/** A user's project with a language of its own, as small as can be. */
function project(packageJson: string, topology = TOPOLOGY): string {
  const folder = newFolder();
  write(join(folder, 'package.json'), packageJson);
  const language = join(folder, 'node_modules', 'skillforge-streams');
  write(join(language, 'package.json'), '{ "type": "module", "exports": "./index.js" }');
  write(join(language, 'index.js'), 'export const topology = (name, { version }, build) => ({ name, version, build });\n');
  return write(join(folder, 'topologies', 'mine.ts'), topology);
}

/** What the built loader makes of a file: `name@version`, or its error. */
function loaded(path: string): string {
  const script = `
    const { loadTopology } = await import(${JSON.stringify(pathToFileURL(join(built, 'scripts', 'topologyFiles.js')).href)});
    const file = { name: 'mine', path: ${JSON.stringify(path)}, own: false };
    console.log(await loadTopology(file).then(({ name, version }) => name + '@' + version, ({ code, message }) => code + ': ' + message));`;
  const { NODE_OPTIONS: _, ...env } = process.env;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', script], { env, encoding: 'utf8' });
  return stdout + stderr;
}

beforeAll(() => {
  mkdirSync(CACHE, { recursive: true });
  built = mkdtempSync(join(CACHE, 'skillforge-loading-'));
  write(join(built, 'package.json'), '{ "type": "module" }');
  write(join(built, 'scripts', 'topologyFiles.js'), transpiled('scripts/topologyFiles.ts'));
  write(join(built, 'schemas', 'index.js'), transpiled('schemas/errors.ts'));
});

afterAll(() => rmSync(built, { recursive: true, force: true }));

describe('a topology file', () => {
  it.each(['{ "type": "module" }', '{}', '{ "type": "commonjs" }'])('loads in a project whose package.json is %s', { timeout: SLOW_MS }, (text) => {
    expect(loaded(project(text))).toBe('mine@3\n');
  });

  it('that cannot be loaded as CommonJS says how to make it a module, where that is the trouble', { timeout: SLOW_MS }, () => {
    const waiting = `await Promise.resolve();\n${TOPOLOGY}`;
    expect(loaded(project('{ "type": "module" }', waiting))).toBe('mine@3\n');
    expect(loaded(project('{}', waiting))).toMatch(/^SFS_TOPOLOGY_UNLOADABLE: [^]*say so: npm pkg set type=module\n$/);
    expect(loaded(project('{}', `throw new Error('no');\n`))).toMatch(/^SFS_TOPOLOGY_UNLOADABLE: .* cannot be loaded: no\n$/);
  });
});

describe('countsAsCommonJs', () => {
  it('goes by the nearest package.json, and by the ending', () => {
    const commonJs = dirname(project('{}'));
    expect(countsAsCommonJs(join(commonJs, 'mine.ts'))).toBe(true);
    expect(countsAsCommonJs(join(commonJs, 'mine.mts'))).toBe(false);
    write(join(commonJs, 'inner', 'package.json'), '{ "type": "module" }');
    expect(countsAsCommonJs(join(commonJs, 'inner', 'deep', 'mine.ts'))).toBe(false);
  });
});
