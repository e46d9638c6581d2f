/** What people decide while a run goes on: it turns to it between two records, and lives it again from the log. */
import { map } from 'rxjs';
import { describe, expect, it, onTestFinished } from 'vitest';
import { topology, withValue } from '../../../operators/index.js';
import { adoptionIn } from '../../../runtime/engine/decisions.js';
import type { RunModels } from '../../../runtime/engine/followedModels.js';
import { localTools } from '../../../runtime/localTools.js';
import { OversightFollower } from '../../../runtime/oversight/followOversight.js';
import type { LocalStorage } from '../../../runtime/ports.js';
import { memoryStorage, type MemoryStorage } from '../../../runtime/testing/index.js';
import { topics, type MeasureTarget } from '../../../schemas/index.js';
import { appendOrder } from '../../../scripts/oversight/orderBox.js';
import { measureOrder } from '../../../scripts/oversight/orders.js';
import { event, events, timed, toResults } from '../../operators/pipelines.js';
import { MovingModels } from '../engine/movingModels.js';
import { REGION, controls, found, physical, record, send, settle, started } from '../engine/running.js';

/** Tells for each event which model decides, and what is blocked. */
const telling = topology('telling', { version: 1 }, ({ source, models }) => {
  source(events, { ...timed, latenessMs: 5 })
    .pipe(
      map((one) => {
        const { version, oversight } = models!.at(one.timestamp);
        return withValue(one, [one.value.tag, version, ...(oversight?.measures.blockedItems ?? [])].join(' '));
      }),
    )
    .pipe(toResults());
});

const following = async (storage: LocalStorage, models: RunModels | null): Promise<OversightFollower> => {
  const follower = new OversightFollower({ region: REGION, tools: localTools(storage), models, everyMs: 5 });
  await follower.begin();
  onTestFinished(() => follower.close());
  return follower;
};

class Living {
  private constructor(
    readonly storage: MemoryStorage,
    readonly follower: OversightFollower,
    private readonly worker: Awaited<ReturnType<typeof started>>,
  ) {}

  static async on(storage: MemoryStorage, models: RunModels | null): Promise<Living> {
    const follower = await following(storage, models);
    const worker = await started(storage, telling, { mode: 'follow', models: follower });
    await settle(worker, 0);
    return new Living(storage, follower, worker);
  }

  async event(tag: string, atMs: number): Promise<void> {
    await send(this.storage, record(events, event('k', atMs, { tag }), 0));
    await settle(this.worker, 0);
  }

  async decided(target: MeasureTarget): Promise<void> {
    await decided(this.storage, target);
    const { next } = lastLook(this.follower);
    await expect.poll(() => this.follower.oversight.current!.look, { timeout: 5_000, interval: 2 }).toBeGreaterThan(next);
    await settle(this.worker, 0);
  }

  told(): string[] {
    return found(this.storage).map(([, , text]) => String(text));
  }
}

/** A look that begins now sees all that is there now. */
const lastLook = ({ oversight }: OversightFollower): { readonly next: number } => ({ next: oversight.looks });

const decided = (storage: MemoryStorage, target: MeasureTarget): Promise<void> =>
  appendOrder(storage, measureOrder({ region: REGION, by: 'ada', reason: 'a test', nowMs: 1 }, target));

const adoptions = (storage: LocalStorage): unknown[] => controls(storage).flatMap((control) => adoptionIn(control) ?? []);
const memory = (): MemoryStorage => memoryStorage({ now: () => 0 });

/** What the log cannot be made again from, in a storage without state. */
async function rescued(from: LocalStorage): Promise<MemoryStorage> {
  const storage = memory();
  for (const name of [physical(events), physical(topics.control), physical(topics.measures)]) {
    const spec = from.log.topics().find((one) => one.name === name)!;
    storage.log.ensureTopic(spec);
    for (let partition = 0; partition < spec.partitions; partition++) {
      const records = from.log.read(name, partition, 0, 10_000);
      for (const { key, value, header } of records) await storage.log.append([{ topic: name, partition, key, value, header }]);
    }
  }
  return storage;
}

describe('a run that follows what people decide', () => {
  it('logs nothing as long as nobody decides anything', async () => {
    const living = await Living.on(memory(), null);
    await living.event('one', 1);
    expect([living.told(), adoptions(living.storage)]).toEqual([['one formula-2'], []]);
  });

  it('turns to it between two records, logs it, and lives it again when all is built anew from the log', async () => {
    const living = await Living.on(memory(), null);
    await living.event('one', 1);
    await living.decided({ action: 'block', item: 'x' });
    await living.event('two', 2);
    await living.decided({ action: 'block', item: 'a' });
    await living.event('three', 3);
    await living.decided({ action: 'unblock', item: 'x' });
    await living.event('four', 4);
    const told = ['one formula-2', 'two formula-2 x', 'three formula-2 a x', 'four formula-2 a'];
    expect([living.told(), adoptions(living.storage)]).toMatchObject([told, [{ count: 1 }, { count: 2 }, { count: 3 }]]);
    const again = await Living.on(await rescued(living.storage), null);
    expect(again.told()).toEqual(told);
    // And goes on from there.
    await again.event('five', 5);
    expect(again.told().at(-1)).toBe('five formula-2 a');
  });

  it('begins with what holds already', async () => {
    const storage = memory();
    await decided(storage, { action: 'block', item: 'x' });
    const living = await Living.on(storage, null);
    await living.event('one', 1);
    expect([living.told(), adoptions(storage)]).toMatchObject([['one formula-2 x'], [{ count: 1, adoption: { model: null } }]]);
  });

  it('decides with no model that is killed: with the fallback, and where that is killed too with the formula', async () => {
    const models = new MovingModels();
    models.promote('a');
    const living = await Living.on(memory(), models);
    await living.event('one', 1);
    await living.decided({ action: 'kill', model: 'a' });
    await living.event('two', 2);
    await living.decided({ action: 'kill', model: 'fallback' });
    await living.event('three', 3);
    models.promote('b');
    await living.event('four', 4);
    await living.event('five', 5);
    await living.decided({ action: 'revive', model: 'a' });
    models.promote('a');
    await living.event('six', 6);
    await living.event('seven', 7);
    const told = living.told();
    expect(told.slice(0, 3)).toEqual(['one a', 'two fallback', 'three formula-2']);
    expect([told[4], told[6]]).toEqual(['five b', 'seven a']);
  });

  it('goes on without a registry where one was followed before, as it did before', async () => {
    const models = new MovingModels();
    models.promote('a');
    const storage = memory();
    await (await Living.on(storage, models)).event('one', 1);
    const after = await Living.on(storage, null);
    await after.event('two', 2);
    await after.decided({ action: 'block', item: 'x' });
    await after.event('three', 3);
    expect(after.told()).toEqual(['one a', 'two formula-2', 'three formula-2 x']);
    expect(adoptions(storage).at(-1)).toMatchObject({ adoption: { model: null } });
  });
});
