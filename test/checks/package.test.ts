import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { PRODUCT_ROOMS, filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';
import { allBlocks } from '../docs/documents.js';
import { SERVER_START_MS, sharedProgram } from '../integration/servers.js';

const SLOW_MS = 180_000;

const IMPORTING = `
import * as operators from 'skillforge-streams';
import * as schemas from 'skillforge-streams/schemas';
import * as runtime from 'skillforge-streams/runtime';
import * as reader from 'skillforge-streams/reader';
import * as gateway from 'skillforge-streams/gateway';
import * as testing from 'skillforge-streams/testing';
const empty = Object.entries({ operators, schemas, runtime, reader, gateway, testing }).filter(([, room]) => Object.keys(room).length === 0).map(([name]) => name);
const { loadSchema, schemaNames, topics } = schemas;
console.log(JSON.stringify({ empty, topology: typeof operators.topology, schema: loadSchema('click').name, schemas: schemaNames().length, topic: topics.clicks.name }));
`;

const work = mkdtempSync(join(tmpdir(), 'skillforge-package-'));
const source = join(work, 'source');
/** The project that the page makes, and installs the package in. */
const project = join(work, 'my-project');
let tarball = '';
let packed: string[] = [];

const PAGE = 'docs/how-to/use-in-a-project.md';
/** Where the page finds what it has packed. */
const PACKED = /\S+\/(skillforge-streams-[\d.]+\.tgz)/;

function run(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed:\n${stdout}${stderr}`);
  return stdout;
}

/** Packs beside the project, with what is built of the sources that are there: stale files of `dist` do not ship. */
async function pack(): Promise<string> {
  const built = dirname(dirname(await sharedProgram()));
  mkdirSync(source);
  const { files } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { files: string[] };
  for (const name of [...files.filter((file) => file !== 'dist'), 'package.json'])
    cpSync(join(projectRoot, name), join(source, name), { recursive: true });
  for (const path of filesOf(PRODUCT_ROOMS).filter((one) => one.endsWith('.ts') && !one.endsWith('.d.ts'))) {
    for (const ending of ['js', 'd.ts']) {
      const name = path.replace(/ts$/, ending);
      cpSync(join(built, name), join(source, 'dist', name));
    }
  }
  const [made] = JSON.parse(run('npm', ['pack', '--ignore-scripts', '--json'], source)) as { filename: string; files: { path: string }[] }[];
  packed = made!.files.map((file) => file.path);
  return join(source, made!.filename);
}

beforeAll(async () => {
  tarball = await pack();
}, SERVER_START_MS);

afterAll(() => rmSync(work, { recursive: true, force: true }));

describe(PAGE, () => {
  const [first, ...blocks] = allBlocks(PAGE);

  /** As a person types them; what vitest sets for its own processes is left out. */
  function typed(command: string): string {
    const { NODE_OPTIONS: _, NODE_ENV: __, VITEST: ___, ...env } = process.env;
    const quick = { npm_config_prefer_offline: 'true', npm_config_audit: 'false', npm_config_fund: 'false' };
    const { status, stdout, stderr } = spawnSync('sh', ['-ec', command], { cwd: project, env: { ...env, ...quick }, encoding: 'utf8' });
    if (status !== 0) throw new Error(`it fails:\n${command}\n${stdout}${stderr}`);
    return stdout;
  }

  it('packs what it installs', () => {
    expect(first?.text).toBe('npm pack');
    expect(blocks.map(({ text }) => PACKED.exec(text)?.[1]).filter((name) => name !== undefined)).toEqual([basename(tarball)]);
    mkdirSync(project);
  });

  it.each(blocks.map((block) => [`line ${block.line}, ${block.info}`, block] as const))(
    'does what it says: %s',
    { timeout: SLOW_MS },
    (_, { info, text }) => {
      if (info !== 'sh') {
        const [language, file] = info.split(' ');
        expect([language, file]).toEqual(['json', 'tsconfig.json']);
        return writeFileSync(join(project, file!), text);
      }
      const printed = typed(text.replace(PACKED, () => tarball));
      if (text.includes('npm test')) expect(printed).toMatch(/# pass 1\n# fail 0\n|ℹ pass 1\nℹ fail 0\n/);
      if (text.includes('topics read')) expect(printed.match(/"learner":"learner-/g)).toHaveLength(2);
    },
  );
});

describe('the packed package, installed as the page says', () => {
  it('holds schemas, license and built code, and no sources or tests', () => {
    expect(packed).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/operators/index.js', 'dist/operators/index.d.ts', 'schemas/avro/click.avsc']),
    );
    expect(packed.filter((path) => /(^|\/)test\//.test(path) || (path.endsWith('.ts') && !path.endsWith('.d.ts')))).toEqual([]);
    expect(packed.filter((path) => path.startsWith('schemas/accepted/')).length).toBe(readdirSync(join(projectRoot, 'schemas', 'accepted')).length);
  });

  it('runs the command `skillforge`', { timeout: SLOW_MS }, () => {
    expect(run('npx', ['--no-install', 'skillforge', '--help'], project)).toContain('Usage: skillforge');
  });

  it('can be imported by every entry point, and finds its schema files', () => {
    writeFileSync(join(project, 'import.js'), IMPORTING);
    const found = JSON.parse(run(process.execPath, ['import.js'], project)) as Record<string, unknown>;
    const schemas = readdirSync(join(projectRoot, 'schemas', 'avro')).length;
    expect(found).toEqual({ empty: [], topology: 'function', schema: 'Click', schemas, topic: 'clicks' });
  });
});
