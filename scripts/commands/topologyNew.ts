/** `skillforge topology new`. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Command } from 'commander';
import { SkillForgeError, packageRoot } from '../../schemas/index.js';
import { countsAsCommonJs, shortPath } from '../topologyFiles.js';
import { invocation } from './invocation.js';
import { plainCommand, type PlainOptions } from './options.js';
import { print, printJson } from './output.js';
import { CHECKOUT_IMPORTS, PACKAGE_IMPORTS, topologyTestText, topologyText } from './topologyTemplate.js';

interface NewOptions extends PlainOptions {
  readonly dir: string;
}

const DESCRIPTION = `Writes topologies/NAME.ts, a small topology that works (clicks of each learner by day), and test/topologies/NAME.test.ts, its test.
Change both. Existing files are never written over.`;

const NAME = /^[a-z][a-z0-9-]{0,63}$/;

/** Starts a topology. */
export function topologyNewCommand(): Command {
  return plainCommand('new <name>', 'write a first version of a topology, with its test', DESCRIPTION, [
    'skillforge topology new grades',
    'skillforge topology new grades --dir ./my-project',
  ])
    .option('--dir <dir>', 'folder of the project', '.')
    .action(create);
}

function create(name: string, options: NewOptions): void {
  if (!NAME.test(name))
    throw new SkillForgeError('SFS_TOPOLOGY_NAME', `"${name}" is no topology name: lower-case letters, digits and dashes, at most 64`);
  const folder = resolve(options.dir);
  const imports = folder === packageRoot() ? CHECKOUT_IMPORTS : PACKAGE_IMPORTS;
  const files: readonly [NewFile, NewFile] = [
    { path: join(folder, 'topologies', `${name}.ts`), text: topologyText(name, imports) },
    { path: join(folder, 'test', 'topologies', `${name}.test.ts`), text: topologyTestText(name, imports) },
  ];
  writeNew(files);
  const written = files.map((file) => shortPath(file.path, process.cwd()));
  if (options.json) printJson({ written });
  else print(`wrote ${written.join(' and ')}\n${moduleNote(files[0].path)}\n${nextSteps(name, folder)}`);
}

/** The template is an ES module, like the package. */
function moduleNote(path: string): string {
  if (!countsAsCommonJs(path)) return '';
  return `
note: the package.json of this project does not say "type": "module", so editors and the type checker take the files for CommonJS;
      they run all the same. To say so: npm pkg set type=module
`;
}

/** What to type next, in the folder of the project. */
function nextSteps(name: string, folder: string): string {
  const skillforge = invocation(undefined, folder);
  const test = `${join('test', 'topologies', name)}.test.ts`;
  const steps = [
    ...(folder === process.cwd() ? [] : [`cd ${shortPath(folder, process.cwd())}`]),
    `${skillforge} topology check ${name}`,
    folder === packageRoot() ? `npx vitest run ${test}` : `node --import tsx --test ${test}`,
    `${skillforge} generate`,
    `${skillforge} run ${name} --until-end`,
  ];
  return `next: ${steps.join('\n      ')}`;
}

interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** All or nothing. @throws SFS_FILE_EXISTS */
function writeNew(files: readonly NewFile[]): void {
  const existing = files.find((file) => existsSync(file.path));
  if (existing !== undefined)
    throw new SkillForgeError('SFS_FILE_EXISTS', `${existing.path} exists already; nothing was written`, { context: { path: existing.path } });
  for (const { path, text } of files) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { flag: 'wx' });
  }
}
