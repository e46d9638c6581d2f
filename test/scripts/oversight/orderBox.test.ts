/** Orders for a folder that somebody has open: taken, refused, withdrawn, and none lost or doubled. */
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { localTools } from '../../../runtime/localTools.js';
import { SkillForgeError, learnerId, type MeasureTarget } from '../../../schemas/index.js';
import { withFolder } from '../../../scripts/commands/folder.js';
import { giveOrder } from '../../../scripts/oversight/access.js';
import { oversightLog, type OversightLog } from '../../../scripts/oversight/acts.js';
import { ORDER_FOLDER, OrderBox, appendOrder, leaveOrder, wasTaken, withdraw, type OrderPlace } from '../../../scripts/oversight/orderBox.js';
import { CLEARED, measureOrder, overrideOrder, type Actor } from '../../../scripts/oversight/orders.js';
import { temporaryFolder } from '../../fixtures/oulad/folder.js';

const REGION = 'eu-west';
const actor = (nowMs: number, by = 'ada'): Actor => ({ region: REGION, by, reason: 'a test', nowMs });
const pause = measureOrder(actor(1), { action: 'pause', course: null });
const place = (data: string) => ({ data, region: REGION, driver: 'confluent', replication: 1 }) as const;
const logOf = (folder: string): Promise<OversightLog> => withFolder(folder, (storage) => oversightLog(localTools(storage), REGION));
const left = (folder: string): string[] => (existsSync(join(folder, ORDER_FOLDER)) ? readdirSync(join(folder, ORDER_FOLDER)) : []);

describe('an order', () => {
  it('goes into a folder that nobody has open, and not into one that is none', async () => {
    const folder = temporaryFolder();
    await expect(giveOrder(place(folder), pause)).rejects.toMatchObject({ code: 'SFS_FOLDER_MISSING' });
    await withFolder(folder, () => Promise.resolve());
    await giveOrder(place(folder), pause);
    expect((await logOf(folder)).inForce.paused).toBe(true);
  });

  it('is taken by whoever has the folder open, within a second, and the giver hears of it', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, async (storage) => {
      const startMs = performance.now();
      await giveOrder(place(folder), pause);
      expect(performance.now() - startMs).toBeLessThan(2_000);
      expect((await oversightLog(localTools(storage), REGION)).inForce.paused).toBe(true);
    });
    expect(left(folder)).toEqual([]);
  });

  it('that was left before somebody opens the folder is in the log before their work begins', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, () => Promise.resolve());
    leaveOrder(folder, pause);
    await withFolder(folder, async (storage) => expect((await oversightLog(localTools(storage), REGION)).inForce.paused).toBe(true));
  });

  it('is withdrawn where nobody takes it, and is then not in the log', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, () => Promise.resolve());
    expect(await wasTaken(leaveOrder(folder, pause), 50)).toBe(false);
    expect([left(folder), (await logOf(folder)).acts]).toEqual([[], []]);
    expect(withdraw(join(folder, 'none'))).toBe(false);
  });

  it('that can never be appended is refused, and the giver is told why', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, async (storage) => {
      await storage.eraseKey(learnerId('gone'), 1);
      const override = overrideOrder(actor(1), learnerId('gone'), { ...CLEARED, baseline: true });
      await expect(giveOrder(place(folder), override)).rejects.toMatchObject({ code: 'SFS_LEARNER_ERASED' });
      mkdirSync(join(folder, ORDER_FOLDER), { recursive: true });
      writeFileSync(join(folder, ORDER_FOLDER, '1-broken.json'), 'no JSON');
      writeFileSync(join(folder, ORDER_FOLDER, 'notes.txt'), 'of somebody else');
      await giveOrder(place(folder), pause);
    });
    expect(left(folder).sort()).toEqual(['1-broken.json.refused', 'notes.txt']);
  });

  it('that is in the log twice, because its taker died between two steps, counts once', async () => {
    const folder = temporaryFolder();
    const override = overrideOrder(actor(2), learnerId('l1'), { ...CLEARED, pinned: ['a'] });
    await withFolder(folder, async (storage) => {
      for (const order of [pause, pause, override, override]) await appendOrder(storage, order);
    });
    const { acts, inForce, overrides } = await logOf(folder);
    expect(acts.map(({ action }) => action)).toEqual(['pause', 'override']);
    expect([inForce.paused, overrides.get('l1')]).toEqual([true, { baseline: false, pinned: ['a'], excluded: [] }]);
  });

  it('of many givers at once is taken once each, the oldest first', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, async (storage) => {
      const orders = Array.from({ length: 20 }, (_, n) => measureOrder(actor(n), { action: 'block', item: `i${String(n).padStart(2, '0')}` }));
      await Promise.all(orders.map((order) => giveOrder(place(folder), order)));
      const { acts } = await oversightLog(localTools(storage), REGION);
      expect(acts.map(({ target }) => target)).toEqual(
        orders.map((order) => (order.kind === 'measure' && 'item' in order.measure ? order.measure.item : '')),
      );
    });
  });

  it('is left for the next look where the storage has no room', async () => {
    const folder = temporaryFolder();
    const path = leaveOrder(folder, pause);
    let isFull = true;
    const taken: unknown[] = [];
    const append = (records: readonly unknown[]): Promise<void> => {
      if (isFull) return Promise.reject(new SkillForgeError('SFS_STORAGE_FULL', 'full'));
      taken.push(...records);
      return Promise.resolve();
    };
    const box = new OrderBox(folder, { log: { ensureTopic: () => undefined, append } });
    await box.take();
    expect(existsSync(path)).toBe(true);
    isFull = false;
    await box.take();
    await box.close();
    expect([existsSync(path), taken.length]).toEqual([false, 1]);
  });

  it('that was abandoned is refused, however late somebody opens the folder', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, () => Promise.resolve());
    const abandoned = leftAt(folder, Date.now() - 61_000, { action: 'pause', course: null });
    const recent = leftAt(folder, Date.now() - 50_000, { action: 'block', item: 'quiz-1' });
    await withFolder(folder, async (storage) => {
      const { inForce } = await oversightLog(localTools(storage), REGION);
      expect([inForce.paused, inForce.blockedItems]).toEqual([false, ['quiz-1']]);
    });
    expect([existsSync(abandoned), existsSync(recent)]).toEqual([false, false]);
    expect(JSON.parse(readFileSync(`${abandoned}.refused`, 'utf8'))).toMatchObject({ code: 'SFS_FOLDER_LOCKED' });
    await expect(wasTaken(abandoned)).rejects.toThrow('give it again');
  });

  it('waits for those before it, so that the last one holds', async () => {
    const folder = temporaryFolder();
    const nowMs = Date.now();
    const resumed = leftAt(folder, nowMs - 2, { action: 'resume', course: null });
    leftAt(folder, nowMs - 1, { action: 'pause', course: null });
    let failures = 1;
    const actions: string[] = [];
    const box = new OrderBox(
      folder,
      placeFor((action) => {
        if (failures-- > 0) throw new SkillForgeError('SFS_STORAGE_FULL', 'full');
        actions.push(action);
      }),
    );
    await box.take();
    expect([existsSync(resumed), actions]).toEqual([true, []]);
    await box.take();
    await box.close();
    expect([left(folder), actions]).toEqual([[], ['resume', 'pause']]);
  });

  it('is no hindrance to later ones where it was withdrawn meanwhile, or cannot even be refused', async () => {
    const folder = temporaryFolder();
    const nowMs = Date.now();
    const withdrawn = leftAt(folder, nowMs - 3, { action: 'block', item: 'a' });
    const refused = leftAt(folder, nowMs - 2, { action: 'unblock', item: 'a' });
    leftAt(folder, nowMs - 1, { action: 'pause', course: null });
    // A folder of that name: the reason cannot be written.
    mkdirSync(`${refused}.refused`);
    const actions: string[] = [];
    const box = new OrderBox(
      folder,
      placeFor((action) => {
        if (action === 'unblock') throw new SkillForgeError('SFS_LEARNER_ERASED', 'erased');
        if (action === 'block' && withdraw(withdrawn)) throw new SkillForgeError('SFS_STORAGE_FULL', 'full');
        actions.push(action);
      }),
    );
    await box.take();
    await box.take();
    await box.close();
    // What could not be refused is still there: who gave it must not think that it was taken.
    expect([actions, existsSync(refused)]).toEqual([['pause'], true]);
  });
});

/** Leaves an order as if that had been at another time. */
function leftAt(folder: string, atMs: number, target: MeasureTarget): string {
  const path = join(folder, ORDER_FOLDER, `${atMs}-${target.action}.json`);
  renameSync(leaveOrder(folder, measureOrder(actor(atMs), target)), path);
  return path;
}

/** A place that hears of actions. */
const placeFor = (hear: (action: string) => void): OrderPlace => ({
  log: {
    ensureTopic: () => undefined,
    append: ([record]) => Promise.resolve().then(() => hear(/oversight (\w+)/.exec(record!.key!.toString())![1]!)),
  },
});

describe('the log of orders', () => {
  it('tells who decided what, when and why, and what of it holds', async () => {
    const folder = temporaryFolder();
    await withFolder(folder, async (storage) => {
      await appendOrder(storage, measureOrder(actor(1), { action: 'block', item: 'quiz-1' }));
      await appendOrder(storage, overrideOrder(actor(2, 'ben'), learnerId('l1'), { ...CLEARED, baseline: true }));
      await appendOrder(storage, measureOrder(actor(3), { action: 'unblock', item: 'quiz-1' }));
      await appendOrder(storage, overrideOrder(actor(4), learnerId('l1'), CLEARED));
      await appendOrder(storage, measureOrder({ ...actor(5), region: 'eu-north' }, { action: 'pause', course: null }));
    });
    const { acts, inForce, overrides } = await logOf(folder);
    expect(acts.map(({ atMs, by, action, target }) => [atMs, by, action, target])).toEqual([
      [1, 'ada', 'block', 'quiz-1'],
      [2, 'ben', 'override', 'l1'],
      [3, 'ada', 'unblock', 'quiz-1'],
      [4, 'ada', 'clear', 'l1'],
    ]);
    expect(acts.every(({ reason }) => reason === 'a test')).toBe(true);
    expect([inForce.paused, inForce.blockedItems, overrides.size]).toEqual([false, [], 0]);
  });
});
