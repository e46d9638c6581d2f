/** Opens a file, or the data file of a folder for reading only, and closes it, again and again, until it is killed; prints how often: `opener.ts <shared | folder> PATH`. */
import { writeSync } from 'node:fs';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { SharedFile } from '../../../lmdb/sharedFile.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';

const [what, path] = process.argv.slice(2) as [string, string];

const OPENS: Readonly<Record<string, () => Promise<void>>> = {
  shared: () => SharedFile.open(path).close(),
  folder: async () => (await openEmbedded(path, { readOnly: true })).close(),
};

for (let opened = 1; ; opened++) {
  await OPENS[what]!();
  if (opened % 50 === 0) writeSync(1, `${opened}\n`);
  await nextTurn();
}
