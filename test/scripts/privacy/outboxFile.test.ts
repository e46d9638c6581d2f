/** What an erasure does to the outbox of a reader. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { OUTBOX_FILE, Outbox } from '../../../reader/outbox.js';
import { projectRoot } from '../../../scripts/checks/sourceFiles.js';
import { Mention } from '../../../scripts/privacy/erasure/mention.js';
import { eraseInOutbox } from '../../../scripts/privacy/erasure/outboxFile.js';
import { newFolder } from '../../fixtures/folders.js';
import { feedbackOf } from '../../reader/numberedLogs.js';

const [ADA, BOB, REGION] = ['5f0c1c9e-6a57-4b13-9a55-1d9d6f9f2a10', '0b1f7c55-8f0e-4c43-8a0b-0c8b6a1f9e77', 'eu-west'];

/** Opens the file and looks into it, as a reader does, until it is killed. */
const READER = `
  import { open } from 'lmdb';
  const root = open({ path: process.argv[1], noSubdir: true, maxDbs: 4, encoding: 'binary', keyEncoding: 'binary' });
  root.openDB('meta', { encoding: 'binary', keyEncoding: 'binary' }).get(Buffer.from('id'));
  process.stdout.write('open');
  setInterval(() => {}, 1000);
`;

it('takes events out at once, waits for the reader with the bytes, and leaves what the log knows of the file', { timeout: 60_000 }, async () => {
  const folder = newFolder();
  const path = join(folder, OUTBOX_FILE);
  const mention = new Mention(ADA);
  const outbox = await Outbox.open(folder, REGION);
  const { id } = outbox;
  await outbox.append([ADA, ADA, BOB, ADA].map((learner, nth) => feedbackOf(`e${nth}`, learner)), 1); // prettier-ignore
  await outbox.dropUpTo(1);
  await outbox.close();
  const waiting = async (): Promise<unknown> => {
    const left = await Outbox.open(folder, REGION);
    const found = [left.id, left.depth().events, [...left.waiting()].map(({ number, event }) => [number, event.value.learner])];
    await left.close();
    return found;
  };
  const reader = spawn(process.execPath, ['--input-type=module', '-e', READER, path], { cwd: projectRoot, stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(reader.stdout, 'data');
    await expect(eraseInOutbox(folder, REGION, mention)).rejects.toMatchObject({ code: 'SFS_ERASURE_WAITS', context: { pids: [reader.pid] } });
    expect(await waiting()).toEqual([id, 1, [[3, BOB]]]);
    expect(mention.countInFile(path)).toBeGreaterThan(0);
  } finally {
    reader.kill('SIGKILL');
    await once(reader, 'exit');
  }
  expect(await eraseInOutbox(folder, REGION, mention)).toBe(0);
  expect(readFileSync(path).includes(ADA)).toBe(false);
  expect(await waiting()).toEqual([id, 1, [[3, BOB]]]);
  const again = await Outbox.open(folder, REGION);
  expect(await again.append([feedbackOf('e4', BOB)], 2)).toBe(5);
  await again.close();
});
