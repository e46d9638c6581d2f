/** Two containers that share a folder of a reader, or of a gateway, have processes of the same number, which LMDB takes for one: the second one is told of it. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { COMPILED_MS, compiledProgram } from '../fixtures/compiledTree.js';
import { newFolder } from '../fixtures/folders.js';

/** A space of process numbers of its own, as a container has. */
const OWN_NUMBERS = ['--pid', '--fork', '--mount-proc'];
const isAllowed = spawnSync('unshare', [...OWN_NUMBERS, 'true']).status === 0;

let program: string;
beforeAll(async () => {
  program = await compiledProgram('test/reader/children/opener.ts');
}, COMPILED_MS);

interface Running {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown>;
}
const running: Running[] = [];
const end = async ({ child, ended }: Running): Promise<void> => {
  child.stdin!.end();
  await ended;
};
afterEach(() => Promise.all(running.splice(0).map(end)));

interface Answer {
  readonly pid: number;
  readonly code?: string;
  readonly message?: string;
}

async function opened(what: string, folder: string): Promise<Answer> {
  const child = spawn('unshare', [...OWN_NUMBERS, process.execPath, program, what, folder], { stdio: ['pipe', 'pipe', 'inherit'] });
  running.push({ child, ended: once(child, 'close') });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return JSON.parse(line.toString()) as Answer;
}

describe('a file that a process of the same number has open', () => {
  it.for([
    ['outbox', 'SFS_VIEW_UNUSABLE'],
    ['view', 'SFS_VIEW_UNUSABLE'],
    ['denied', 'SFS_VIEW_UNUSABLE'],
    ['identities', 'SFS_GATEWAY_STORE'],
    ['received', 'SFS_GATEWAY_STORE'],
  ] as const)('%s: the second one hears why it cannot have it, and has it when the first one has ended', async ([what, code], context) => {
    context.skip(!isAllowed, 'unshare may not make a space of process numbers here');
    const folder = newFolder();
    const first = await opened(what, folder);
    expect(first).toEqual({ pid: 1 });
    const second = await opened(what, folder);
    expect(second).toMatchObject({ pid: 1, code });
    expect(second.message).toContain('another process that has the number 1');
    await end(running.shift()!);
    expect(await opened(what, folder)).toEqual({ pid: 1 });
  });
});
