/** Commits until there is no room, several in flight; prints `full <code> <acked>`, what the others and later calls say, and `closed`. */
import { errorCodeOf } from '../../../../schemas/errors.js';
import { openEmbedded } from '../../../../runtime/embedded/index.js';
import { countingCommit, prepareCounting } from '../counting.js';

const storage = await openEmbedded(process.argv[2]!);
prepareCounting(storage);
storage.log.ensureTopic({ name: 'filler', partitions: 1, cleanup: 'delete', retentionMs: null });
let acked = -1;
let failures: unknown[] = [];
for (let n = 0; failures.length === 0; n += 4) {
  // The first is under way while the others wait in line; the last ones are small and would fit where the first did not.
  const running = [0, 1, 2, 3].map(async (i) => {
    if (i > 0) await Promise.resolve().then(() => undefined);
    await storage.commit(filling(n + i, i < 2 ? 60_000 : 1));
    acked = n + i;
  });
  failures = (await Promise.allSettled(running)).flatMap((result) => (result.status === 'rejected' ? [result.reason as unknown] : []));
}
console.log(`full ${errorCodeOf(failures[0])} ${acked}`);
for (const failure of failures.slice(1)) console.log(`in line ${errorCodeOf(failure)}`);
await storage.commit(countingCommit(0)).catch((error: unknown) => console.log(`commit ${errorCodeOf(error)} ${errorCodeOf((error as Error).cause)}`));
try {
  storage.tasks.progress('any');
} catch (error) {
  console.log(`read ${errorCodeOf(error)}`);
}
await storage.close();
console.log('closed');

function filling(n: number, bytes: number): ReturnType<typeof countingCommit> {
  const commit = countingCommit(n);
  return { ...commit, outputs: [...commit.outputs, { topic: 'filler', partition: 0, key: null, value: Buffer.alloc(bytes, n), header: null }] };
}
