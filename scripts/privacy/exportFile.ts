/** A copy of what is held of a learner, as a file. */
import { jsonOf } from '../commands/output.js';
import { PartialFile } from '../commands/partialFile.js';
import type { ExportLine } from './learnerExport.js';

/** All that is known of a person lies in the file. */
const OWNER_ALONE = 0o600;

/** Writes a file that its owner alone can read; it appears when it is whole. @returns how many things were found @throws SFS_FILE_UNWRITABLE, and what reading throws */
export async function writeExport(lines: AsyncIterable<ExportLine>, path: string): Promise<number> {
  const file = await PartialFile.open(path, OWNER_ALONE);
  let found = 0;
  try {
    for await (const line of lines) {
      if ('where' in line) found++;
      await file.addText(`${jsonOf(line)}\n`);
    }
    await file.finish();
    return found;
  } catch (error) {
    await file.discard();
    throw error;
  }
}
