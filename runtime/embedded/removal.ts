/** Deletes topics and tasks in bounded pieces: each is one transaction, and commits pass in between. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { BytesDatabase, Databases } from './environment.js';
import type { CommitLine } from './commitLine.js';
import { asBuffer, idKey, logKey } from './keys.js';
import type { LogReader } from './logReader.js';
import type { Names } from './names.js';
import type { Topics } from './topics.js';

/** What a removal works with. */
export interface RemovalRoom {
  readonly db: Databases;
  readonly reader: LogReader;
  readonly line: CommitLine;
  readonly names: Names;
  readonly topics: Topics;
}

/** Keys that one transaction removes. */
const PIECE = 2_000;

/** Deletes the batches of a topic, then the topic: until all of it is gone, it is there. Its number is not given again. @throws what a commit throws */
export async function removeTopic(room: RemovalRoom, name: string): Promise<void> {
  const { db, reader, line, topics } = room;
  const { id, spec } = topics.topic(name);
  for (let partition = 0; partition < spec.partitions; partition++) {
    await removeRange(room, db.log, logKey(id, partition, 0), logKey(id, partition, Number.MAX_SAFE_INTEGER));
    reader.forget(topics.partition(name, partition));
  }
  await line.add({ outputs: [], appendTimeMs: 0, bytes: 256, addTo: (writes) => topics.remove(writes, name) });
}

/** Deletes rows and timers of a task, and its progress last. @throws what a commit throws */
export async function removeTask(room: RemovalRoom, name: string): Promise<void> {
  const { db, line, names } = room;
  const id = names.find('task', name);
  if (id === null) return;
  for (const database of [db.state, db.queue]) await removeRange(room, database, idKey(id), idKey(id + 1));
  await line.add({ outputs: [], appendTimeMs: 0, bytes: 64, addTo: (writes) => writes.remove(db.progress, idKey(id)) });
}

async function removeRange({ line }: RemovalRoom, database: BytesDatabase, start: Buffer, end: Buffer): Promise<void> {
  for (;;) {
    const keys = Array.from(database.getKeys({ start, end, limit: PIECE }), (key) => Buffer.from(asBuffer(key)));
    if (keys.length === 0) return;
    await line.add({
      outputs: [],
      appendTimeMs: 0,
      bytes: keys.length * 64,
      addTo: (writes) => {
        for (const key of keys) writes.remove(database, key);
      },
    });
    await nextTurn();
  }
}
