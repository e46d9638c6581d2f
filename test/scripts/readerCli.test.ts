/** `skillforge reader` and `skillforge recommendations export`, as processes beside a writer. */
import { once } from 'node:events';
import { existsSync, readFileSync, readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { markerIdOf } from '../../runtime/engine/header.js';
import { openEmbedded, type EmbeddedStorage } from '../../runtime/embedded/index.js';
import { DAY_MS, MADE_MS, Shelves } from '../reader/shelves.js';
import { runCli, startCli, type CliChild } from './commands/cliProcess.js';
import { newFolder } from '../fixtures/folders.js';

const SLOW_MS = 60_000;
const COURSE = 'AAA-2014J';
const OTHER = 'BBB-2013B';

async function school(data: string, mark = ''): Promise<EmbeddedStorage> {
  const storage = await openEmbedded(data, { markerIdOf });
  const shelves = new Shelves(storage.log);
  await shelves.recommend('b', { [COURSE]: { next: [`n1${mark}`, 'gone', 'n2'], new: ['w1'] }, [OTHER]: { next: ['o1'] } });
  await shelves.recommend('a-10', { [COURSE]: { next: [`n1${mark}`] } });
  await shelves.recommend('a', { [OTHER]: { next: ['o2'], new: ['o3'] } });
  await shelves.recommend('denied', { [COURSE]: { next: ['n1'] } });
  await shelves.item('gone', { withdrawn: true });
  await shelves.segment(COURSE, 'all', [['p1', 9]]);
  return storage;
}

const children: CliChild[] = [];
afterAll(() => children.forEach(({ process: child }) => child.kill('SIGKILL')));

/** Starts a reader; resolves when it has caught up, with its URL and what it printed. */
async function startReader(args: readonly string[]): Promise<{ readonly child: CliChild; readonly url: string; readonly printed: () => string }> {
  const child = startCli(['reader', '--port', '0', ...args]);
  children.push(child);
  let printed = '';
  child.process.stdout!.on('data', (bytes: Buffer) => (printed += bytes.toString()));
  while (!printed.includes('ready')) {
    const ended = child.result.then(({ stderr }) => Promise.reject(new Error(stderr)));
    await Promise.race([once(child.process.stdout!, 'data'), ended]);
  }
  return { child, url: /http:\/\/[\d.]+:\d+/.exec(printed)![0], printed: () => printed };
}

async function itemsAt(url: string, learner = 'a'): Promise<[unknown, unknown]> {
  const response = await fetch(`${url}/v1/learners/${learner}/recommendations`);
  const { served, items } = (await response.json()) as { served: string; items: { item: string }[] };
  return [served, items.map(({ item }) => item)];
}

describe('skillforge reader', () => {
  it('serves a folder beside its writer, follows it, and stops cleanly', { timeout: SLOW_MS }, async () => {
    const data = newFolder();
    const storage = await school(data);
    const { child, url, printed } = await startReader(['--data', data, '--clock', 'data']);
    expect(await itemsAt(url)).toEqual(['personal', ['o2']]);
    const [curl] = /curl '.*'/.exec(printed())!;
    expect(curl).toBe(`curl '${url}/v1/learners/a/recommendations?explain=true'`);
    await new Shelves(storage.log).recommend('a', { [OTHER]: { next: ['later'] } }, { madeAtMs: MADE_MS + 1 });
    await expect.poll(() => itemsAt(url)).toEqual(['personal', ['later']]);
    // The clock of the data goes on with the lists of others.
    await new Shelves(storage.log).recommend('b', {}, { madeAtMs: MADE_MS + 9 * DAY_MS });
    await expect.poll(() => itemsAt(url)).toEqual(['stale', ['later']]);
    expect((await fetch(url)).headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(existsSync(join(data, 'reader', 'view.mdb'))).toBe(true);
    child.process.kill('SIGTERM');
    expect(await child.result).toMatchObject({ code: 0, signal: null, stderr: '' });
    await storage.close();
  });

  it('takes its clock from this machine unless told otherwise; a learner is denied at once and for good', { timeout: SLOW_MS }, async () => {
    const data = newFolder();
    await (await school(data)).close();
    const view = newFolder();
    const { child, url } = await startReader(['--data', data, '--view', view, '--no-page', '--log']);
    expect(await itemsAt(url)).toEqual(['stale', ['o2']]);
    expect((await fetch(url)).status).toBe(404);
    const deny = (...args: string[]): ReturnType<typeof runCli> => runCli(['reader', 'deny', ...args, '--data', data, '--view', view]);
    expect((await deny('add', 'a', 'nobody')).stdout).toBe('2 learners on the deny list\n');
    expect(await itemsAt(url)).toEqual(['popular', ['p1']]);
    child.process.kill('SIGINT');
    const { code, stderr } = await child.result;
    expect(code).toBe(0);
    expect(
      stderr
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { route: string }).route),
    ).toContain('/v1/learners/:learner/recommendations');
    const again = await startReader(['--data', data, '--view', view, '--rebuild']);
    expect(await itemsAt(again.url)).toEqual(['popular', ['p1']]);
    expect((await deny('list')).stdout).toMatch(/^learner +since\na +\d{4}-.*Z\nnobody +\d{4}-.*Z\n$/);
    expect((await deny('remove', 'a', 'x')).stdout).toBe('1 learner taken off the deny list; the others were not on it\n');
    expect(await itemsAt(again.url)).toEqual(['stale', ['o2']]);
    again.child.process.kill('SIGTERM');
    expect((await again.child.result).code).toBe(0);
  });

  it('goes over to a folder that takes the place of the one it reads', { timeout: SLOW_MS }, async () => {
    const data = newFolder();
    await (await school(data)).close();
    const { child, url } = await startReader(['--data', data, '--view', newFolder()]);
    const other = newFolder();
    await (await school(other, '-other')).close();
    expect(await itemsAt(url, 'a-10')).toEqual(['stale', ['n1']]);
    renameSync(join(other, 'data.mdb'), join(data, 'data.mdb'));
    await expect.poll(() => itemsAt(url, 'a-10'), { timeout: 15_000 }).toEqual(['stale', ['n1-other']]);
    child.process.kill('SIGTERM');
    const { code, stderr } = await child.result;
    expect([code, stderr]).toEqual([0, 'the view is built anew: another log lies where the log was\n']);
  });

  it('refuses a folder that is not there', { timeout: SLOW_MS }, async () => {
    const { code, stderr } = await runCli(['reader', '--data', join(newFolder(), 'nothing')]);
    expect([code, stderr]).toEqual([3, expect.stringMatching(/^SFS_FOLDER_MISSING/)]);
  });
});

describe('skillforge recommendations export', () => {
  const data = newFolder();
  let storage: EmbeddedStorage;
  beforeAll(async () => {
    storage = await school(data);
    await runCli(['reader', 'deny', 'add', 'denied', '--data', data]);
  });
  afterAll(() => storage.close());

  const exported = async (...args: string[]): Promise<[unknown[], string, number | null]> => {
    const { stdout, stderr, code } = await runCli(['recommendations', 'export', '--jsonl', '--data', data, ...args]);
    const lines = stdout.split('\n').filter((line) => line !== '');
    return [lines.map((line) => JSON.parse(line) as unknown), stderr, code];
  };

  it('writes a line a learner, sorted, best first, courses in turn, and leaves nothing behind', { timeout: SLOW_MS }, async () => {
    expect(await exported()).toEqual([
      [
        { learner_id: 'a', items: ['o2'] },
        { learner_id: 'a-10', items: ['n1'] },
        { learner_id: 'b', items: ['n1', 'o1', 'n2'] },
      ],
      '3 learners\n',
      0,
    ]);
    expect(readdirSync(join(data, 'reader')).filter((name) => name.startsWith('view'))).toEqual([]);
  });

  it('takes one list of one course, into a file that appears whole', { timeout: SLOW_MS }, async () => {
    const out = join(newFolder(), 'new.jsonl');
    expect(await exported('--list', 'new', '--course', OTHER, '--out', out)).toEqual([[], `1 learner written to ${out}\n`, 0]);
    expect(readFileSync(out, 'utf8')).toBe('{"learner_id":"a","items":["o3"]}\n');
    expect(existsSync(`${out}.partial`)).toBe(false);
    expect(await exported('--course', 'CCC-2014J')).toEqual([[], '0 learners\n', 0]);
  });

  it('follows the pointer, and keeps the view where it is told to', { timeout: SLOW_MS }, async () => {
    const shelves = new Shelves(storage.log);
    await shelves.recommend('c', { [COURSE]: { next: ['v2'] } }, {}, 'recommendations.v2');
    await shelves.pointer('recommendations.v2');
    const view = newFolder();
    for (let time = 0; time < 2; time++) expect((await exported('--view', view))[0]).toEqual([{ learner_id: 'c', items: ['v2'] }]);
    expect(existsSync(join(view, 'view.mdb'))).toBe(true);
  });

  it('refuses a region without recommendations, and a file that cannot be written', { timeout: SLOW_MS }, async () => {
    expect(await exported('--region', 'us-east')).toEqual([[], expect.stringMatching(/^SFS_TOPIC_UNKNOWN/), 3]);
    expect(await exported('--out', '/dev/null/x')).toEqual([[], expect.stringMatching(/^SFS_FILE_UNWRITABLE/), 3]);
  });
});
