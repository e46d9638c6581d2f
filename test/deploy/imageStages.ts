/** Does what the Dockerfile says, without Docker: its stages as plain commands in empty folders, and its process on a root that nobody can write. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';

const read = (name: string): string => readFileSync(join(projectRoot, name), 'utf8');

/** An instruction with its words, of lines that were continued. */
interface Instruction {
  readonly verb: string;
  readonly text: string;
}

const instructions: readonly Instruction[] = read('Dockerfile')
  .replace(/\\\n/g, ' ')
  .split('\n')
  .flatMap((line) => {
    const [, verb, text] = /^([A-Z]+) (.*)$/.exec(line) ?? [];
    return verb === undefined || text === undefined ? [] : [{ verb, text }];
  });

/** The instructions of a stage. */
function stage(name: string): readonly Instruction[] {
  const starts = instructions.flatMap(({ verb, text }, at) => (verb === 'FROM' ? [{ at, name: text.split(' AS ')[1] }] : []));
  const index = starts.findIndex((one) => one.name === name);
  return instructions.slice(starts[index]!.at + 1, starts[index + 1]?.at);
}

/** The value of an instruction of the last stage that is a list, such as ENTRYPOINT. */
export const listOf = (verb: string): readonly string[] => JSON.parse(stage('image').find((one) => one.verb === verb)!.text) as readonly string[];

/** User and group of the process. */
export function userOf(): readonly [user: number, group: number] {
  const [user = NaN, group = NaN] = stage('image')
    .findLast(({ verb }) => verb === 'USER')!
    .text.split(':')
    .map(Number);
  return [user, group];
}

/** Environment of the process. */
export const environmentOf = (): Readonly<Record<string, string>> =>
  Object.fromEntries(
    stage('image').flatMap(({ verb, text }) => (verb === 'ENV' ? text.split(' ').map((pair) => pair.split('=') as [string, string]) : [])),
  );

/** Copies what the build is given: what `.dockerignore` lets through. */
export function context(folder: string): void {
  const given = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  const left = new Set(['node_modules', 'dist']);
  for (const name of given) cpSync(join(projectRoot, name), join(folder, name), { recursive: true, filter: (path) => !left.has(basename(path)) });
}

/** Does the stage `build` in `folder`, which stands for `/app`, from a context. What `apt-get` installs must be there. */
export function build(folder: string, from: string): void {
  for (const { verb, text } of stage('build')) {
    if (verb === 'COPY') copy(text, from, folder);
    if (verb !== 'RUN' || text.includes('apt-get')) continue;
    const { status, stderr, stdout } = spawnSync('bash', ['-euo', 'pipefail', '-c', text], { cwd: folder, encoding: 'utf8' });
    if (status !== 0) throw new Error(`${text} ended with ${status}:\n${stdout}\n${stderr}`);
  }
}

/** Does the stage `image`: `folder` stands for `/app`. @param from - folder of the stage `build` */
export function image(folder: string, from: string): void {
  // A folder of an image is everybody's to read; a temporary one of this machine is not.
  chmodSync(folder, 0o755);
  for (const { verb, text } of stage('image')) if (verb === 'COPY') copy(text.replace('--from=build ', '').replaceAll('/app/', ''), from, folder);
}

/** A folder that is named comes as what is in it, but for several at once; `.` is all. */
function copy(words: string, from: string, folder: string): void {
  const names = words.split(' ');
  const to = names.pop()!;
  for (const name of names) {
    const target = to === './' || to === '.' ? join(folder, name === '.' ? '' : basename(name)) : join(folder, to);
    cpSync(join(from, name), target, { recursive: true, verbatimSymlinks: true });
  }
}

/** As Docker sets it for the user; there is no such folder. */
const HOME = '/home/skillforge';
/** Where the folder of the image is seen by its process, and its volume: empty folders of this machine. */
const APP = '/mnt';
const VOLUME = '/srv';

/** A root for reading alone, with room at `/tmp` and the volume; then the user. Arguments: folder of the image, that of the volume, user, group, the command. */
const ISOLATED = `
mount --make-rprivate /
mount --bind "$1" ${APP} && mount -o remount,ro,bind ${APP}
mount --bind "$2" ${VOLUME}
mount --bind / / 2>/dev/null
mount -o remount,ro,bind /
mount -t tmpfs tmpfs /tmp
cd ${VOLUME}
user=$3 group=$4
shift 4
exec setpriv --reuid "$user" --regid "$group" --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all "$@"`;

/** Why processes cannot be shut in here; `null` where they can. */
export function cannotIsolate(): string | null {
  if (!existsSync('/usr/bin/unshare') || !existsSync('/usr/bin/setpriv')) return 'neither unshare nor setpriv is here';
  const { status } = spawnSync('unshare', ['--mount', 'true']);
  return status === 0 ? null : 'this user may make no mount namespaces';
}

/** A program in the image, as its user. */
export function startIn(app: string, volume: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): ChildProcess {
  const [user, group] = userOf();
  mkdirSync(volume, { recursive: true });
  chownSync(volume, user, group);
  const all = ['--mount', 'sh', '-euc', ISOLATED, 'sh', app, volume, String(user), String(group), ...args];
  return spawn('unshare', all, { stdio: ['ignore', 'pipe', 'pipe'], env: { PATH: process.env['PATH'], HOME, ...env } });
}

/** The command of the image with these arguments: what stands for `/app` and the volume in the Dockerfile is where it is here. */
export function command(args: readonly string[]): { readonly words: readonly string[]; readonly env: Readonly<Record<string, string>> } {
  const placed = (text: string): string => text.replace('/app/', `${APP}/`).replace('/var/lib/skillforge', VOLUME);
  const env = Object.fromEntries(Object.entries(environmentOf()).map(([name, value]) => [name, placed(value)]));
  return { words: [...listOf('ENTRYPOINT').map(placed), ...args], env };
}
