/** What commands write of a folder with keys: nothing personal in clear, unless somebody says that it is meant. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { beforeAll, describe, expect, it } from 'vitest';
import { makeRing } from '../../../runtime/keys/folderRing.js';
import { committedFiles } from '../../../scripts/archive/commits.js';
import { topicFolder } from '../../../scripts/archive/layout.js';
import { commandOutput } from '../../fixtures/commandOutput.js';
import { newFolder } from '../../fixtures/folders.js';
import { REGION, SEVEN, SEVENTY, onStorage, run, write } from './erasable.js';

let sealed: string;
let clear: string;

const skillforge = (...words: readonly string[]): Promise<string> => commandOutput(words);

async function school(withKeys: boolean): Promise<string> {
  const data = newFolder();
  if (withKeys) await makeRing(data, { file: join(newFolder(), 'kek.json') }, 1);
  await onStorage(data, async (storage) => {
    await write(storage, [SEVEN, SEVENTY]);
    await run(storage);
  });
  return data;
}

beforeAll(async () => {
  [sealed, clear] = await Promise.all([school(true), school(false)]);
}, 300_000);

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile());
}

const at = (data: string): string[] => ['--data', data, '--region', REGION, '--json'];
const archived = (data: string, out: string, ...more: readonly string[]): Promise<string> =>
  skillforge('archive', '--topics', 'clicks', '--out', out, '--until-end', ...at(data), ...more);
/** Items that the clicks of an archive tell of. */
async function itemsIn(archive: string): Promise<unknown[]> {
  const files = committedFiles(topicFolder(archive, 'clicks', REGION));
  const rows = await Promise.all(files.map(async ({ path }) => parquetReadObjects({ file: await asyncBufferFromFile(path) })));
  return [...new Set(rows.flat().map(({ item }) => item as unknown))].sort();
}

describe('an export of a folder with keys', () => {
  it.each([
    ['training', 'export'],
    ['features', 'export'],
  ])('is refused before anything is written: %s %s', async (...command) => {
    const out = join(newFolder(), 'out');
    await expect(skillforge(...command, '--out', out, ...at(sealed))).rejects.toMatchObject({ code: 'SFS_IN_CLEAR' });
    expect(() => readdirSync(out)).toThrow('ENOENT');
    await skillforge(...command, '--out', out, '--in-clear', ...at(sealed));
    expect(filesIn(out).length).toBeGreaterThan(1);
    // Without keys nobody is asked.
    await skillforge(...command, '--out', join(newFolder(), 'out'), ...at(clear));
  });

  it('is what is meant where the environment says so', async () => {
    const exported = (): Promise<string> => skillforge('training', 'export', '--out', join(newFolder(), 'out'), ...at(sealed));
    try {
      process.env['SKILLFORGE_IN_CLEAR'] = '1';
      await exported();
      for (const said of ['', '0', 'false']) {
        process.env['SKILLFORGE_IN_CLEAR'] = said;
        await expect(exported(), said).rejects.toMatchObject({ code: 'SFS_IN_CLEAR' });
      }
      process.env['SKILLFORGE_IN_CLEAR'] = 'maybe';
      await expect(exported()).rejects.toMatchObject({ code: 'SFS_USAGE' });
    } finally {
      delete process.env['SKILLFORGE_IN_CLEAR'];
    }
  });

  it('to Feast is refused before the store is asked', async () => {
    const project = ['features', 'project', '--feature-store', 'redis://127.0.0.1:1', '--until-end'];
    await expect(skillforge(...project, ...at(sealed))).rejects.toMatchObject({ code: 'SFS_IN_CLEAR' });
    await expect(skillforge(...project, '--in-clear', ...at(sealed))).rejects.not.toMatchObject({ code: 'SFS_IN_CLEAR' });
  });
});

describe('an archive of a folder with keys', () => {
  it('is sealed, and in clear where that is meant', async () => {
    const [kept, open] = [newFolder(), newFolder()];
    await archived(sealed, kept);
    await archived(sealed, open, '--in-clear');
    expect(await itemsIn(kept)).toEqual([null]);
    const items = await itemsIn(open);
    expect(items).toContain('i1');
    const opened = newFolder();
    await skillforge('archive', 'open', '--topics', 'clicks', '--archive', kept, '--out', opened, ...at(sealed));
    expect(await itemsIn(opened)).toEqual(items);
  });

  it('stays of the kind that it was begun as', async () => {
    const [kept, open] = [newFolder(), newFolder()];
    await archived(sealed, kept);
    await archived(sealed, open, '--in-clear');
    await expect(archived(sealed, kept, '--in-clear')).rejects.toMatchObject({ code: 'SFS_ARCHIVE_MIXED' });
    await expect(archived(sealed, open)).rejects.toMatchObject({
      code: 'SFS_ARCHIVE_MIXED',
      message: expect.stringContaining('--in-clear') as string,
    });
    await archived(sealed, kept);
    await archived(sealed, open, '--in-clear');
  });

  it('is refused by batch features, to which its values would be missing', async () => {
    const kept = newFolder();
    await skillforge('archive', '--out', kept, '--until-end', ...at(sealed));
    const batch = ['batch', 'run', '--archive', kept, '--out', join(newFolder(), 'features'), '--from', '2025-09-01', '--region', REGION, '--json'];
    await expect(skillforge(...batch)).rejects.toMatchObject({ code: 'SFS_ARCHIVE_SEALED' });
  });
});
