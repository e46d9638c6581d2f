/** Opens a folder for writing, prints `open <pid>` or `refused <code>`, and appends one record for each line of its input. */
import { createInterface } from 'node:readline';
import { errorCodeOf } from '../../../../schemas/errors.js';
import { openEmbedded } from '../../../../runtime/embedded/index.js';

try {
  const storage = await openEmbedded(process.argv[2]!);
  storage.log.ensureTopic({ name: 'lines', partitions: 1, cleanup: 'delete', retentionMs: null });
  // Who stops it now stops it between two commits.
  await storage.documents.put('idle', Buffer.alloc(1));
  console.log(`open ${process.pid}`);
  for await (const line of createInterface(process.stdin)) {
    const value = Buffer.from(line);
    const outputs = [{ topic: 'lines', partition: 0, key: null, value, header: null }];
    await storage.commit({ task: 'reader@1/0/0', outputs, state: [{ store: 's', key: 'last', value }], queue: [], progress: value });
    console.log(`appended ${line}`);
  }
  await storage.close();
} catch (error) {
  console.log(`refused ${errorCodeOf(error)}`);
}
