/** `skillforge gateway`, as a process. */
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openIdentityMap } from '../../gateway/index.js';
import { ERASURES_FOLDER } from '../../scripts/privacy/erasure/journal.js';
import { MoveJournal } from '../../scripts/privacy/move/moveJournal.js';
import { runCli, startCli, type CliChild } from '../scripts/commands/cliProcess.js';
import { click } from './gateways.js';
import { newFolder } from '../fixtures/folders.js';

const children: CliChild[] = [];
afterAll(() => children.forEach(({ process: child }) => child.kill('SIGKILL')));

/** Starts a gateway; resolves when it listens. */
async function started(args: readonly string[]): Promise<{ readonly child: CliChild; readonly url: string }> {
  const child = startCli(['gateway', '--port', '0', '--json', ...args]);
  children.push(child);
  const [line] = (await Promise.race([
    once(child.process.stdout!, 'data'),
    child.result.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ])) as [Buffer];
  return { child, url: (JSON.parse(line.toString()) as { url: string }).url };
}

async function post(url: string, body: unknown): Promise<unknown> {
  const response = await fetch(`${url}/v1/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
  return response.json();
}

describe('skillforge gateway', () => {
  it('takes events, is killed, takes no event twice, and stops cleanly', { timeout: 120_000 }, async () => {
    const data = newFolder();
    const first = await started(['--data', data]);
    expect(await post(first.url, [click('a'), click('b')])).toEqual({ written: 2, repeated: 0 });
    first.child.process.kill('SIGKILL');
    await first.child.result;
    const second = await started(['--data', data]);
    expect(await post(second.url, [click('b'), click('c')])).toEqual({ written: 1, repeated: 1 });
    const shown = await runCli(['gateway', 'show', 'mailto:ada@example.org', '--data', data, '--json']);
    const { pseudonym } = shown.json<{ pseudonym: string }>();
    const erased = await runCli(['gateway', 'erase', 'mailto:ada@example.org', '--gateway-folder', join(data, 'gateway'), '--json']);
    expect([erased.code, erased.json()]).toEqual([0, { pseudonym }]);
    second.child.process.kill('SIGTERM');
    expect((await second.child.result).code).toBe(0);
    const read = await runCli(['topics', 'read', 'clicks', '--data', data, '--json']);
    const keys = read.stdout.trim().split('\n').map((line) => (JSON.parse(line) as { key: string }).key); // prettier-ignore
    expect(keys).toEqual([pseudonym, pseudonym, pseudonym]);
  });

  it('keeps the mapping of a learner whose move has not ended: without it nobody could finish the move', async () => {
    const data = newFolder();
    const identities = openIdentityMap(join(data, 'gateway'));
    const [learner] = await identities.pseudonymsOf(['mailto:ada@example.org', 'mailto:bob@example.org']);
    await identities.close();
    const journal = new MoveJournal(join(data, ERASURES_FOLDER), 'digest');
    const move = { id: 'id', from: 'eu-west', to: 'eu-north', heir: null, transferBasis: null, startedAtMs: 0, brought: null };
    journal.keep({ format: 1, ...move, learner: learner! });
    const change = (name: string, identity: string, ...place: readonly string[]) => runCli(['gateway', name, identity, ...place, '--json']);
    const places = [['--data', data], ['--gateway-folder', join(data, 'gateway')]]; // prettier-ignore
    for (const place of places) {
      for (const name of ['erase', 'renew']) {
        const refused = await change(name, 'mailto:ada@example.org', ...place);
        expect([refused.code, refused.json<{ error: { code: string } }>().error.code]).toEqual([3, 'SFS_MOVE_UNDER_WAY']);
      }
    }
    expect((await change('erase', 'mailto:bob@example.org', '--data', data)).code).toBe(0);
    journal.drop();
    expect((await change('erase', 'mailto:ada@example.org', '--data', data)).json()).toEqual({ pseudonym: learner });
  });

  it('refuses a command line that names no region, and an identity map that is not there', async () => {
    const wrong = await runCli(['gateway', '--elsewhere', 'https://lms.us.example/', '--data', newFolder()]);
    expect([wrong.code, wrong.stderr]).toEqual([2, expect.stringContaining('https://lms.us.example/=us-east')]);
    const missing = await runCli(['gateway', 'show', 'x', '--data', newFolder(), '--json']);
    expect(missing.code).toBe(3);
    expect(`${missing.stdout}${missing.stderr}`).toContain('SFS_FOLDER_MISSING');
  });
});
