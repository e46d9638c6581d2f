/** What learners ask for over HTTP, or as events, is done as by the commands. */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { erasuresFolder } from '../../../scripts/privacy/erasure/saga.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { at } from '../../topologies/clicks.js';
import { REGION, copyOf, erasable, onStorage, type Erasable } from './erasable.js';
import { WAYS, coursesAfterwards, outcome, readable, served, type Asked, type Way } from './rights.js';

const SLOW_MS = 300_000;

let made: Erasable;

beforeAll(async () => {
  made = await erasable();
}, SLOW_MS);

const sha256 = (path: string): string => createHash('sha256').update(readFileSync(path)).digest('hex');

/** Asks for one thing and serves it. */
async function asked(way: Way, place: Erasable, what: Asked, exports = newFolder()): Promise<string> {
  const request = await way(place, what);
  expect(await served(place, exports)).toMatchObject([{ request, became: 'DONE', code: null }]);
  return request;
}

describe.each(Object.entries(WAYS))('asked by %s', { timeout: SLOW_MS }, (_, way) => {
  it('an erasure leaves nothing, and names its receipt', async () => {
    const place = copyOf(made);
    expect((await readable(place)).length).toBeGreaterThan(5);
    const exports = newFolder();
    await asked(way, place, { kind: 'export' }, exports);
    const request = await asked(way, place, { kind: 'erase' }, exports);
    expect([await readable(place), readdirSync(exports)]).toEqual([[], []]);
    const { state, file, sha256: digest } = await outcome(place, request);
    const receipt = join(erasuresFolder(place.installation), String(file));
    expect([state, digest]).toEqual(['DONE', sha256(receipt)]);
    expect(JSON.parse(readFileSync(receipt, 'utf8'))).toMatchObject({ format: 'skillforge-erasure/1' });
    // What was looked at does not bring the name back.
    expect(await readable(place)).toEqual([]);
  });

  it('a copy is a file that has what the command writes, for its owner alone', async () => {
    const place = copyOf(made);
    const exports = join(newFolder(), 'copies');
    const request = await asked(way, place, { kind: 'export' }, exports);
    const { state, file, sha256: digest } = await outcome(place, request);
    const path = join(exports, String(file));
    expect([state, digest, statSync(path).mode & 0o777]).toEqual(['DONE', sha256(path), 0o600]);
    expect(String(file)).not.toContain(place.ada);
    const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
    const command = await commandOutput(['privacy', 'export', place.ada, '--data', place.installation.data, '--region', REGION]);
    expect(lines.length).toBeGreaterThan(20);
    const mayDiffer = (line: string): boolean => !line.includes('"found"');
    expect(lines.filter(mayDiffer)).toEqual(command.trimEnd().split('\n').filter(mayDiffer));
    // Whoever reads the log finds nothing of it there.
    await onStorage(place.installation.data, (storage) => {
      const records = storage.log.read(`${REGION}.rights-outcomes`, 0, 0, 100);
      expect(records.every(({ key, value }) => !`${String(key)} ${String(value)}`.includes(place.ada))).toBe(true);
      return Promise.resolve();
    });
  });

  it('a consent that is withdrawn, and given again, holds from the next event on', async () => {
    const place = copyOf(made);
    await asked(way, place, { kind: 'consent', withdraw: true, occurredAtMs: at(3) });
    expect((await coursesAfterwards(place, 3)).map(({ segment }) => segment)).toEqual(['']);
    await asked(way, place, { kind: 'consent', occurredAtMs: at(4) });
    expect((await coursesAfterwards(place, 4)).map(({ segment }) => segment)).toEqual(['he']);
  });

  it('an objection holds from the next event on', async () => {
    const place = copyOf(made);
    await asked(way, place, { kind: 'object', occurredAtMs: at(3) });
    expect((await coursesAfterwards(place)).map(({ segment }) => segment)).toEqual(['']);
  });

  it('a restriction empties the lists until it is lifted', async () => {
    const place = copyOf(made);
    await asked(way, place, { kind: 'restrict', occurredAtMs: at(3) });
    expect(await coursesAfterwards(place, 3)).toEqual([]);
    await asked(way, place, { kind: 'restrict', withdraw: true, occurredAtMs: at(4) });
    expect(await coursesAfterwards(place, 4)).toHaveLength(1);
  });
});

describe('a learner who has asked for nothing', { timeout: SLOW_MS }, () => {
  it('is decided for by what they do', async () => {
    expect((await coursesAfterwards(copyOf(made))).map(({ segment }) => segment)).toEqual(['he']);
  });
});
