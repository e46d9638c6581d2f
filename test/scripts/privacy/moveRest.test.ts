/** What the new gateway may have taken of what a move on servers brings last: its files, its log, and a register that says what is under way. */
import { beforeEach, describe, expect, it } from 'vitest';
import { KEPT_MS, ReceivedEvents, receivedKey } from '../../../gateway/index.js';
import type { EmbeddedStorage } from '../../../runtime/embedded/index.js';
import { localTools } from '../../../runtime/localTools.js';
import { learnerId, topics } from '../../../schemas/index.js';
import { takenThere } from '../../../scripts/privacy/move/rest.js';
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
  const received = await ReceivedEvents.beside(folder);
  const register = { underWay, endOf: () => Promise.resolve() };
  const place = { tools: localTools(storage), region: NORTH, learner: HEIR };
  const target = { shutOut: () => Promise.resolve() };
  const found = await takenThere({ register, identity: 'mailto:ada@example.org', received, target, to: place, nowMs: NOW_MS }, [eventId]);
  await received.close();
  return found.has(eventId);
}

const written = (storage: EmbeddedStorage, eventId: string): Promise<void> =>
  appendTo(storage, topics.clicks, [{ ...click(HEIR, NOW_MS), eventId, region: NORTH }], NOW_MS);

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
});
