/** `privacy erase --verify` where it cannot look into a store: that is no proof, unless somebody says that there is none. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { StateFileWriter, linesOfChunk } from '../../../scripts/commands/stateFile.js';
import { skillforgeProgram } from '../../../scripts/commands/program.js';
import { EXIT } from '../../../scripts/commands/exitCodes.js';
import { MAY_BE_UNSEEN, unseenIn, verifyErased, type VerifiedStore } from '../../../scripts/privacy/erasure/verification.js';
import { newFolder } from '../../fixtures/folders.js';
import { REGION, installationIn, onStorage } from './erasable.js';

const ADA = '5e0c4a36-94a5-4cf2-9d37-0c2d55a1be3f';

/** A folder that has nothing of anybody. */
async function emptyFolder(): Promise<string> {
  const data = newFolder();
  await onStorage(data, () => Promise.resolve());
  return data;
}

/** Runs the command. */
async function verified(data: string, learner: string, ...words: readonly string[]) {
  const printed: string[] = [];
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => printed.push(String(text)) > 0);
  process.exitCode = undefined;
  const all = ['privacy', 'erase', learner, '--verify', '--data', data, '--region', REGION, ...words];
  await (await skillforgeProgram(all)).parseAsync(all, { from: 'user' });
  vi.restoreAllMocks();
  const code = process.exitCode ?? EXIT.ok;
  process.exitCode = undefined;
  return { code, text: printed.join('') };
}

/** Writes a copy of state with a row of a learner. */
async function stateCopy(path: string, learner: string): Promise<void> {
  const file = await StateFileWriter.open(path, { region: REGION, madeAtMs: 0 });
  const rows = linesOfChunk({ kind: 'rows', store: 'windows', rows: [{ key: `${learner}\0hour`, value: Buffer.from('x') }] });
  await file.add([{ task: 'recommendations@3/0' }, ...linesOfChunk({ kind: 'begin', applied: '7', progress: Buffer.from('{}') }), ...rows]);
  await file.finish();
}

const of = async (store: string, data: string, also: readonly string[]): Promise<VerifiedStore> =>
  (await verifyErased({ ...installationIn(data), also }, ADA)).find((one) => one.store === store)!;

describe('a store that is not looked into', () => {
  it('fails the look, is named, and may be accepted by name', async () => {
    const data = await emptyFolder();
    const without = await verified(data, ADA);
    expect(without.code).toBe(EXIT.failed);
    expect(without.text).toContain('not shown to be clean: feature-store, home-register, snapshots were not looked into');
    const some = await verified(data, ADA, '--accept-unseen', 'feature-store', '--accept-unseen', 'snapshots');
    expect([some.code, some.text.includes('not shown to be clean: home-register was not looked into')]).toEqual([EXIT.failed, true]);
    const all = await verified(data, ADA, '--accept-unseen', 'feature-store', 'snapshots', 'home-register');
    expect([all.code, all.text.includes('not shown')]).toEqual([EXIT.ok, false]);
  });

  it('is told in JSON, too', async () => {
    const { code, text } = await verified(await emptyFolder(), ADA, '--json', '--accept-unseen', 'feature-store', 'home-register');
    expect(code).toBe(EXIT.failed);
    expect(JSON.parse(text)).toMatchObject({ clean: false, unseen: ['snapshots'] });
  });

  it('are the bytes of files, too, where the pseudonym is no random one', async () => {
    const accepted = ['--accept-unseen', 'feature-store', 'home-register', 'snapshots'];
    const data = await emptyFolder();
    expect((await verified(data, 'learner-7', ...accepted)).text).toContain('not shown to be clean: raw-files was not looked into');
    expect((await verified(data, 'learner-7', ...accepted, 'raw-files')).code).toBe(EXIT.ok);
  });

  it('are the files of servers whose folders nobody names, and not the folder that a region on servers does not have', () => {
    const one = (store: string, unseen: string | null, isNone?: true): VerifiedStore => ({
      ...{ store, unseen, readable: 0, nameAlone: 0, unlinkable: 0, first: null },
      ...(isNone && { isNone }),
    });
    const stores = [one('embedded-folder', 'none', true), one('kafka-log', null), one('files of Kafka', 'x'), one('files of Redis', 'x')];
    expect(unseenIn(stores, [])).toEqual(['files-of-kafka', 'files-of-redis']);
    expect(unseenIn(stores, ['files-of-kafka'])).toEqual(['files-of-redis']);
    expect(MAY_BE_UNSEEN).toEqual(expect.arrayContaining(['files-of-kafka', 'files-of-redis', 'keys-of-redis', 'raw-files']));
  });
});

describe('snapshots', () => {
  it('are not looked into because something else is named', async () => {
    const [data, also] = [await emptyFolder(), newFolder()];
    writeFileSync(join(also, 'notes.txt'), 'nothing of anybody');
    expect((await of('snapshots', data, [also])).unseen).toContain('there is none in what --also names');
  });

  it('are looked into where a copy of state is named, and told as such', async () => {
    const [data, also] = [await emptyFolder(), newFolder()];
    await stateCopy(join(also, 'state.jsonl'), ADA);
    expect(await of('snapshots', data, [also])).toMatchObject({ unseen: null, readable: 1 });
    expect(await of('exports', data, [also])).toMatchObject({ unseen: null, readable: 0 });
    const other = newFolder();
    await stateCopy(join(other, 'state.jsonl'), '1b4e28ba-2fa1-41d2-883f-0016d3cca427');
    expect(await of('snapshots', data, [other])).toMatchObject({ unseen: null, readable: 0 });
  });
});
