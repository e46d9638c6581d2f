/** Opens a folder (for reading with `ro`) and reads everything in it; prints `whole`, or `damage <code>` for what stopped it. */
import { errorCodeOf } from '../../../../schemas/errors.js';
import { openEmbedded, type EmbeddedStorage } from '../../../../runtime/embedded/index.js';

const TASK = 'counting@1/0/0';
try {
  const storage = await openEmbedded(process.argv[2]!, { readOnly: process.argv[3] === 'ro', upkeepIntervalMs: 0 });
  for (const { name, partitions } of storage.log.topics()) {
    for (let partition = 0; partition < partitions; partition++) readPartition(storage, name, partition);
  }
  for (const store of ['even', 'odd', 'wide']) for (const { key } of storage.tasks.scan(TASK, store)) storage.tasks.get(TASK, store, key);
  storage.tasks.queueHead(TASK, 1000);
  storage.tasks.progress(TASK);
  for (const name of storage.documents.names('')) storage.documents.get(name);
  await storage.close();
  console.log('whole');
} catch (error) {
  console.log(`damage ${errorCodeOf(error)} ${(error as Error).message}`);
}

function readPartition({ log }: EmbeddedStorage, topic: string, partition: number): void {
  const { start, end } = log.range(topic, partition);
  for (let from = start; from < end; from = log.read(topic, partition, from, 1000).at(-1)!.offset + 1);
}
