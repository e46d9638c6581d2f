/** What the new gateway may have taken of what a move on servers brings last: its files, its log, and a register that says what is under way. */
import { beforeEach, describe, expect, it } from 'vitest';
import { KEPT_MS, ReceivedEvents, receivedKey } from '../../../gateway/index.js';
import type { EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { localRecords, localTools } from '../../../runtime/localTools.js';
import type { LogRecord, ToolAccess } from '../../../runtime/ports.js';
import { learnerId, physicalTopicName, topics } from '../../../schemas/index.js';
import { partitionOf } from '../../../schemas/partitioner.js';
import { Arrivals, takenThere, type Door } from '../../../scripts/privacy/move/rest.js';
import { newFolder } from '../../fixtures/folders.js';
import { at, click } from '../../topologies/clicks.js';
import { onStorage } from './erasable.js';
import { NORTH, appendTo } from './moving.js';

const HEIR = learnerId('heir');
const NOW_MS = at(0);
const DIGEST = Buffer.alloc(8, 1);

let folder: string;

/** Asks whether the new region has taken an event. @param looks - what happens at each look at what is under way: two for each time that this is waited for */
async function taken(storage: EmbeddedStorage, eventId: string, looks: readonly (() => Promise<unknown>)[] = []): Promise<boolean> {
  let count = 0;
  const underWay = async (): Promise<[]> => {
    await looks[count++]?.();
    return [];
  };
  return onDoor(localTools(storage), underWay, async (door) => (await takenThere(door, [eventId])).has(eventId));
}

async function onDoor<T>(tools: ToolAccess, underWay: () => Promise<[]>, work: (door: Door) => Promise<T>): Promise<T> {
  const received = await ReceivedEvents.beside(folder);
  const register = { underWay, endOf: () => Promise.resolve() };
  const arrivals = new Arrivals({ tools, region: NORTH, learner: HEIR });
  const target = { shutOut: () => Promise.resolve() };
  try {
    return await work({ register, identity: 'mailto:ada@example.org', received, target, region: NORTH, arrivals, nowMs: NOW_MS });
  } finally {
    await received.close();
  }
}

const written = (storage: EmbeddedStorage, eventId: string): Promise<void> =>
  appendTo(storage, topics.clicks, [{ ...click(HEIR, NOW_MS), eventId, region: NORTH }], NOW_MS);

/** Of the topic of the learner's clicks, markers too. */
function recordsIn({ log }: EmbeddedStorage): number {
  const [name, partitions] = [physicalTopicName(NORTH, topics.clicks.name), topics.clicks.partitions];
  const partition = partitionOf(Buffer.from(HEIR), partitions);
  return [...localRecords(log, name, partition)].length;
}

describe('an event of the rest of a move', () => {
  beforeEach(() => {
    folder = newFolder();
  });

  it('is looked for again where its batch failed while it was waited for, and came again under the same number', async () => {
    const gateway = await ReceivedEvents.open(folder);
    await gateway.note(7, [{ key: receivedKey('e'), digest: DIGEST }], NOW_MS);
    await onStorage(newFolder(), async (storage) => {
      const again = async (): Promise<void> => {
        await gateway.forgetAfter(6);
        await gateway.note(7, [{ key: receivedKey('e'), digest: DIGEST }], NOW_MS);
      };
      const nothing = (): Promise<void> => Promise.resolve();
      expect(await taken(storage, 'e', [again, nothing, () => written(storage, 'e')])).toBe(true);
    });
    await gateway.close();
  });

  it('is found in the log where the gateway took it so long ago that it has forgotten it', async () => {
    const gateway = await ReceivedEvents.open(folder);
    await gateway.note(1, [{ key: receivedKey('e'), digest: DIGEST }], NOW_MS - KEPT_MS - 2);
    await gateway.note(2, [], NOW_MS);
    await onStorage(newFolder(), async (storage) => {
      await written(storage, 'e');
      expect([await taken(storage, 'e'), await taken(storage, 'another')]).toEqual([true, false]);
    });
    await gateway.close();
  });

  it('has the log of the new region read once, however many pieces are brought and waited for, and is still found where it came meanwhile', async () => {
    const gateway = await ReceivedEvents.open(folder);
    await onStorage(newFolder(), async (storage) => {
      const there = Array.from({ length: 50 }, (_, n) => `there-${n}`);
      for (const eventId of there) await written(storage, eventId);
      const local = localTools(storage);
      let [read, looks] = [0, 0];
      const counted = async function* (records: AsyncIterable<LogRecord> | Iterable<LogRecord>): AsyncGenerator<LogRecord> {
        looks++;
        for await (const record of records) if (++read > 0) yield record;
      };
      const tools: ToolAccess = { ...local, records: (topic, partition, from) => counted(local.records(topic, partition, from)) };
      await onDoor(
        tools,
        () => Promise.resolve([]),
        async (door) => {
          for (let nth = 0; nth < 5; nth++) {
            gateway.refresh();
            // What the new gateway took after the first look: it is noted, so the log is looked at again.
            await gateway.note(nth + 1, [{ key: receivedKey(`late-${nth}`), digest: DIGEST }], NOW_MS);
            await written(storage, `late-${nth}`);
            expect([...(await takenThere(door, [there[nth]!, `late-${nth}`, `rest-${nth}`]))]).toEqual([there[nth], `late-${nth}`]);
          }
          // One that was brought with an earlier piece is there by now.
          expect([...(await takenThere(door, ['rest-0', 'rest-5']))]).toEqual(['rest-0']);
        },
      );
      // One look before anything is brought, which finds the first late one, too, and one for each of the four that were waited for.
      expect([read, looks]).toEqual([recordsIn(storage), 5]);
    });
    await gateway.close();
  });
});
