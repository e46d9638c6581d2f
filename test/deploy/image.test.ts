/** What the Dockerfile builds works as its user, on a root that nobody can write. No Docker engine is needed: its stages are done as plain commands. */
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, type TestContext } from 'vitest';
import { PRODUCT_ROOMS, projectRoot } from '../../scripts/checks/sourceFiles.js';
import { skipUnlessLong } from '../fixtures/longForms.js';
import { click } from '../gateway/gateways.js';
import { sharedProgram } from '../integration/servers.js';
import { build, cannotIsolate, command, context as buildContext, image, listOf, startIn } from './imageStages.js';
import { newFolder } from '../fixtures/folders.js';

interface Ended {
  readonly code: number | null;
  readonly output: string;
}

/** Runs a program in the image; ends it when `until` has resolved. */
async function inside(app: string, volume: string, args: readonly string[], until?: (url: string) => Promise<void>): Promise<Ended> {
  const { words, env } = command(args);
  const child = startIn(app, volume, words, env);
  let output = '';
  let first: (url: string) => void = () => undefined;
  const listening = new Promise<string>((resolve) => (first = resolve));
  for (const stream of [child.stdout!, child.stderr!]) {
    stream.on('data', (bytes: Buffer) => {
      output += bytes.toString();
      const [, url] = /"url":"([^"]+)"/.exec(output) ?? [];
      if (url !== undefined) first(url);
    });
  }
  const closed = once(child, 'close');
  if (until !== undefined) {
    const url = await Promise.race([listening, closed.then(() => Promise.reject(new Error(output)))]);
    await until(url);
    child.kill('SIGTERM');
  }
  const [code] = (await closed) as [number | null];
  return { code, output };
}

async function works(app: string): Promise<void> {
  const volume = newFolder();
  expect(await inside(app, volume, listOf('CMD'))).toMatchObject({ code: 0, output: expect.stringContaining('gateway') as string });
  const taken = await inside(app, volume, ['gateway', '--port', '0', '--json'], async (url) => {
    const headers = { 'content-type': 'application/json' };
    const response = await fetch(`${url}/v1/events`, { method: 'POST', headers, body: JSON.stringify([click('a'), click('b')]) });
    expect(await response.json()).toEqual({ written: 2, repeated: 0 });
  });
  expect(taken.code, taken.output).toBe(0);
  const run = await inside(app, volume, ['run', 'learner-activity', '--end-of-input', '--json']);
  expect(run.code, run.output).toBe(0);
  const served = await inside(app, volume, ['reader', '--port', '0', '--json'], async (url) => {
    const answer = (await (await fetch(`${url}/v1/learners/ada/recommendations`)).json()) as { served: string };
    expect(answer.served).toBe('popular');
    expect((await fetch(url)).status).toBe(200);
  });
  expect(served.code, served.output).toBe(0);
}

/** Its answers, of a shell as the user of the image: what it may write. */
async function writable(app: string, paths: readonly string[]): Promise<string[]> {
  const tries = paths.map((path) => `touch ${path}/written 2>/dev/null && echo ${path}`);
  const child = startIn(app, newFolder(), ['sh', '-c', `${tries.join('; ')}; id -u; grep -h '^Cap[BEP]' /proc/self/status`]);
  let output = '';
  child.stdout!.on('data', (bytes: Buffer) => (output += bytes.toString()));
  await once(child, 'close');
  return output.trim().split('\n');
}

function skipUnlessIsolated(context: TestContext): void {
  const why = cannotIsolate();
  context.skip(why !== null, why ?? '');
}

describe('the image', () => {
  it('is given every room that is compiled', () => {
    const folder = newFolder();
    buildContext(folder);
    expect(PRODUCT_ROOMS.filter((room) => !existsSync(join(folder, room)))).toEqual([]);
  });

  it('works as its user, where nothing can be written but its volume and /tmp', { timeout: 300_000 }, async (test) => {
    skipUnlessIsolated(test);
    await sharedProgram();
    expect(await writable(projectRoot, ['/', '/mnt', '/mnt/dist', '/usr', '/var', '/srv', '/tmp'])).toEqual([
      '/srv',
      '/tmp',
      '10001',
      'CapPrm:\t0000000000000000',
      'CapEff:\t0000000000000000',
      'CapBnd:\t0000000000000000',
    ]);
    await works(projectRoot);
  });

  it('is what its stages make of an empty folder', { timeout: 1_800_000 }, async (test) => {
    skipUnlessLong(test, 'OPERATIONS');
    skipUnlessIsolated(test);
    const [given, built, made] = [newFolder(), newFolder(), newFolder()];
    buildContext(given);
    build(built, given);
    image(made, built);
    await works(made);
  });
});
