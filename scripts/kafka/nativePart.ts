/**
 * The compiled part of `@confluentinc/kafka-javascript`. `npm ci` leaves it out (`allowScripts` in package.json): it comes from GitHub, or
 * out of minutes of compiling, and most checkouts never need it. What was got once is kept outside of node_modules, so that the next
 * `npm ci` costs a copy.
 */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorMessageOf } from '../../schemas/index.js';
import { projectRoot } from '../checks/sourceFiles.js';
import { cached, cachedPath } from '../services/cache.js';
import { aptInstall, findProgram, runProgram } from '../services/programs.js';

const NAME = '@confluentinc/kafka-javascript';
const folder = join(projectRoot, 'node_modules', NAME);
/** The compiled part: the binding, and librdkafka where it is a library of its own. */
const BINDING = join('build', 'Release', 'confluent-kafka-javascript.node');
const LIBRARIES = join('build', 'deps');
const LIBRARY = /\.(so|dylib)(\.\d+)?$/;
const DOWNLOAD_MS = 60_000;
const DEBIAN_PACKAGES = ['g++', 'make', 'python3', 'zlib1g-dev', 'libssl-dev'];
const HEADERS = ['zlib.h', join('openssl', 'ssl.h')];

type Report = (line: string) => void;

/** Gets the compiled part where it is missing; whether it is there now. @param report - takes a line about each step */
export async function getNativePart(report: Report): Promise<boolean> {
  const version = await wantedVersion();
  const kept = `confluent-${version}-node${process.versions.modules}-${process.platform}-${process.arch}`;
  if (!existsSync(join(folder, 'package.json'))) await installPackage(version, report);
  if (await loads()) return true;
  if (existsSync(cachedPath(kept))) {
    report(`copying it from ${cachedPath(kept)}`);
    await cp(cachedPath(kept), join(folder, 'build'), { recursive: true });
    if (await loads()) return true;
    await rm(cachedPath(kept), { recursive: true }); // of another system
  }
  if (!(await download(report)) && !(await build(report))) return false;
  await cached(kept, keep);
  return true;
}

async function wantedVersion(): Promise<string> {
  const { optionalDependencies } = JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return optionalDependencies[NAME]!;
}

/** Older npm, which knows no `allowScripts`, removes an optional package that does not build. */
async function installPackage(version: string, report: Report): Promise<void> {
  report(`installing ${NAME} ${version}`);
  const { ok, output } = await runProgram('npm', ['install', '--prefix', projectRoot, '--no-save', '--ignore-scripts', `${NAME}@${version}`]);
  if (!ok) report(`npm failed: ${output}`);
}

/** In a process of its own: a library for another system may end it, and what is loaded once cannot be replaced. */
async function loads(): Promise<boolean> {
  return existsSync(join(folder, BINDING)) && (await runProgram(process.execPath, ['-e', `require(${JSON.stringify(folder)})`])).ok;
}

async function download(report: Report): Promise<boolean> {
  report('asking GitHub for the compiled part');
  const tool = createRequire(join(folder, 'package.json')).resolve('@mapbox/node-pre-gyp/bin/node-pre-gyp');
  const args = [tool, '-C', folder, 'install', '--fallback-to-build=false'];
  const failure = await promisify(execFile)(process.execPath, args, { timeout: DOWNLOAD_MS }).then(() => null, errorMessageOf);
  if (failure === null && (await loads())) return true;
  report(`no compiled part for this system could be had: ${failure === null ? 'it does not load' : lastLine(failure)}`);
  await rm(join(folder, 'build'), { recursive: true, force: true });
  return false;
}

async function build(report: Report): Promise<boolean> {
  if (missingTools().length > 0) await aptInstall(DEBIAN_PACKAGES, report);
  const missing = missingTools();
  if (missing.length > 0) {
    report(`it cannot be compiled without ${missing.join(', ')}. On Debian or Ubuntu: sudo apt-get install -y ${DEBIAN_PACKAGES.join(' ')}`);
    return false;
  }
  report('compiling it, once: some minutes');
  const env = { ...process.env, CKJS_LINKING: 'dynamic' }; // librdkafka as it is in the package, with the system's OpenSSL and zlib
  // The configuration first: make would begin with files that it has not written yet.
  for (const [program, ...args] of [
    [process.execPath, join(folder, 'util', 'configure.js')],
    [process.execPath, await nodeGyp(), 'rebuild', '-C', folder, ...headersOfNode(), '-j', '2'],
  ]) {
    const { ok, output } = await runProgram(program!, args, env);
    if (ok) continue;
    report(`compiling failed: ${output}`);
    return false;
  }
  return loads();
}

const missingTools = (): string[] => [
  ...['g++', 'make', 'python3'].filter((name) => findProgram([name]) === null),
  ...HEADERS.filter((name) => process.platform === 'linux' && !existsSync(join('/usr/include', name))),
];

/** The one that npm has inside. */
async function nodeGyp(): Promise<string> {
  const npm = process.env['npm_execpath'];
  const root = npm === undefined ? join((await runProgram('npm', ['root', '-g'])).output, 'npm') : dirname(dirname(npm));
  return join(root, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
}

/** Where Node brings its headers they need no download. */
function headersOfNode(): string[] {
  const prefix = dirname(dirname(process.execPath));
  return existsSync(join(prefix, 'include', 'node', 'node.h')) ? [`--nodedir=${prefix}`] : [];
}

/** Copies the compiled part without what it was made of. */
async function keep(target: string): Promise<void> {
  await mkdir(join(target, 'Release'), { recursive: true });
  await cp(join(folder, BINDING), join(target, 'Release', 'confluent-kafka-javascript.node'));
  const beside = join(folder, dirname(BINDING));
  for (const from of [beside, join(folder, LIBRARIES)].filter((path) => existsSync(path))) {
    const names = (await readdir(from)).filter((name) => LIBRARY.test(name));
    const to = from === beside ? join(target, 'Release') : join(target, 'deps');
    for (const name of names) await cp(join(from, name), join(to, name), { recursive: true });
  }
}

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';
