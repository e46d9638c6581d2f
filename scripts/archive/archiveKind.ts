/** Whether an archive keeps what is personal sealed: each topic of it does, or does not, from its first file on. */
import { existsSync } from 'node:fs';
import { asyncBufferFromFile, parquetMetadataAsync } from 'hyparquet';
import { SkillForgeError } from '../../schemas/index.js';
import { SEALED_COLUMN } from './columns.js';
import { archivedFolder, commitsIn } from './commits.js';
import { columnsFile } from './layout.js';

/** @param folder - of a topic that is archived */
async function isSealed(folder: string): Promise<boolean> {
  const { schema } = await parquetMetadataAsync(await asyncBufferFromFile(columnsFile(folder)));
  return schema.some(({ name }) => name === SEALED_COLUMN);
}

/** Refuses to mix both in one topic. @throws SFS_ARCHIVE_MIXED */
export async function assertSameKind(folder: string, topic: string, willBeSealed: boolean): Promise<void> {
  if (!existsSync(columnsFile(folder)) || commitsIn(folder).length === 0) return;
  if ((await isSealed(folder)) === willBeSealed) return;
  const [was, now] = willBeSealed ? ['in clear', 'sealed: --in-clear goes on as it was'] : ['sealed', 'in clear'];
  const message = `the archive of ${topic} is ${was} so far, and would go on ${now}; or begin another folder`;
  throw new SkillForgeError('SFS_ARCHIVE_MIXED', message, { context: { topic, folder } });
}

/** Refuses topics whose personal values are sealed: to who reads columns they would be empty. @throws SFS_ARCHIVE_SEALED, SFS_ARCHIVE_MISSING */
export async function assertInClear(archive: string, topics: readonly string[], region: string): Promise<void> {
  for (const topic of topics) {
    if (!(await isSealed(archivedFolder(archive, topic, region)))) continue;
    const message = `${archive} keeps the personal values of ${topic} sealed: "skillforge archive open" makes an archive in clear of it`;
    throw new SkillForgeError('SFS_ARCHIVE_SEALED', message, { context: { archive, topic } });
  }
}
