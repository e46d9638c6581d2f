/** Writes without end, and leaves in the middle of it: `leaver.ts <shared | folder> PATH <exit | throw>`. */
import { SharedFile } from '../../../lmdb/sharedFile.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';

const [what, path, how] = process.argv.slice(2) as [string, string, string];

async function writer(): Promise<(number: number) => Promise<unknown>> {
  if (what === 'shared') {
    const file = SharedFile.open(path);
    return (number) => file.write(() => file.root.putSync(Buffer.from(String(number)), Buffer.alloc(100)));
  }
  const storage = await openEmbedded(path);
  return (number) => storage.documents.put(`document-${number}`, Buffer.alloc(100));
}

const write = await writer();
setTimeout(
  () => {
    if (how === 'throw') throw new Error('thrown while it writes');
    process.exit(7);
  },
  50 + Math.random() * 50,
);
for (let number = 0; ; number++) await write(number);
