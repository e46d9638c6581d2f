import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEmbedded, verifyEmbedded } from '../../../runtime/embedded/index.js';
import { startChild } from './childProcess.js';
import { expectWholeCommits } from './counting.js';
import { COMPILED_MS, compiledProgram } from '../../fixtures/compiledTree.js';
import { newFolder } from '../../fixtures/folders.js';

const KILLS = 26;
/** Kills per folder: folders are tried side by side, since most of the time goes into starting processes. */
const FOLDERS = 2;

let writer: string;
beforeAll(async () => {
  writer = await compiledProgram('test/runtime/embedded/children/countingWriter.ts');
}, COMPILED_MS);

describe('a writer killed with SIGKILL at a random moment', () => {
  it.each(Array.from({ length: FOLDERS }, (_, i) => i))(
    'leaves every commit whole and keeps those it acknowledged, compaction running (folder %i)',
    { timeout: 120_000, concurrent: true },
    async () => {
      const folder = newFolder();
      let counter = -1;
      for (let kill = 0; kill < KILLS / FOLDERS; kill++) counter = await killOnce(folder, counter, kill % 3 === 0 ? 'ready' : 'acked');
      expect(counter).toBeGreaterThan(KILLS);
      expect(verifyEmbedded(folder).problems).toEqual([]);
    },
  );
});

/** @param since - the line that must have been printed before the kill: some kills come before anything was acknowledged */
async function killOnce(folder: string, before: number, since: string): Promise<number> {
  const child = startChild(writer, [folder]);
  await child.line(since);
  await sleep(Math.random() * 150);
  child.process.kill('SIGKILL');
  expect((await child.ended).signal).toBe('SIGKILL');
  const acked = Math.max(before, ...child.lines.filter((line) => line.startsWith('acked ')).map((line) => Number(line.slice(6))));
  // The lock of the killed process is gone.
  const storage = await openEmbedded(folder, { upkeepIntervalMs: 0 });
  const counter = expectWholeCommits(storage);
  if (counter >= 0) expectCompacted(storage.log.read('latest', 0, 0, 1_000_000), counter);
  await storage.close();
  expect(counter).toBeGreaterThanOrEqual(acked);
  return counter;
}

/** Of a compacted partition, whatever was dropped, the last record of each key is there. */
function expectCompacted(records: readonly { key: Buffer | null; value: Buffer | null }[], counter: number): void {
  const latest = new Map(records.map(({ key, value }) => [String(key), Number(value)]));
  for (let n = Math.max(0, counter - 6); n <= counter; n++) expect(latest.get(`k${n % 7}`)).toBe(n);
}
