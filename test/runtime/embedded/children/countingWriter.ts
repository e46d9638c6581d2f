/**
 * Commits the same counter to all databases, again and again, several commits in flight, until it is killed.
 * Prints `ready`, then `acked n` for each commit that the storage called durable. Every fifth commit is a wide one.
 */
import { writeSync } from 'node:fs';
import { openEmbedded } from '../../../../runtime/embedded/index.js';
import { countingCommit, prepareCounting, readCounter } from '../counting.js';

const storage = await openEmbedded(process.argv[2]!, { segmentBytes: 2000, minDirtyRecords: 50, upkeepIntervalMs: 5 });
prepareCounting(storage);
// A synchronous write to a pipe: what was printed was acknowledged, whenever the kill comes.
writeSync(1, 'ready\n');
let n = readCounter(storage) + 1;
const inFlight: Promise<void>[] = [];
for (;;) {
  const counter = n++;
  inFlight.push(storage.commit(countingCommit(counter)).then(() => void writeSync(1, `acked ${counter}\n`)));
  if (inFlight.length > 3) await inFlight.shift();
}
