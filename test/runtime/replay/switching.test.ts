/** Readers across a promotion, its undoing and a drop: every answer is of one version, and none fails. */
import { map } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { to, topology, withValue, type Topology } from '../../../operators/index.js';
import { createReader, RecommendationClient } from '../../../reader/index.js';
import { Worker } from '../../../runtime/engine/worker.js';
import { openEmbedded } from '../../../runtime/embedded/index.js';
import type { RemovingStorage } from '../../../runtime/ports.js';
import { beginReplay, keepReplay } from '../../../runtime/replay/beginning.js';
import { drop, promote, undoPromotion } from '../../../runtime/replay/promotion.js';
import { localReplays } from '../../../runtime/replay/replayPlace.js';
import { MemoryStorage } from '../../../runtime/testing/memoryStorage.js';
import { topics, type Opened, type Recommendation } from '../../../schemas/index.js';
import { MADE_MS, REGION, Shelves, recommendation } from '../../reader/shelves.js';
import { newFolder } from '../../fixtures/folders.js';

const LEARNERS = Array.from({ length: 40 }, (_, at) => `learner-${at}`);
const SLOW_MS = 60_000;

/** Lists of a learner, each item of which tells the version that made it. */
const listsOf = (learner: string, version: number): Opened<Recommendation> => {
  const items = Array.from({ length: 5 }, (_, rank) => `v${version}-${rank}`);
  return recommendation(learner, { c1: { next: items, new: items } }, { topologyVersion: version }) as Opened<Recommendation>;
};

const lists = (version: number): Topology =>
  topology('lists', { version }, ({ source }) => {
    source(topics.profiles, { eventTimeMs: (profile) => profile.updatedAtMs }).pipe(
      map((record) => withValue(record, listsOf(record.key, version))),
      to(topics.recommendations),
    );
  });

async function run(storage: RemovingStorage, version: number, isReplay = false): Promise<void> {
  const place = localReplays(storage, REGION);
  const shadow = isReplay ? { shadow: await beginReplay(place, lists(version)) } : {};
  const worker = new Worker([lists(version)], storage, { region: REGION, mode: 'until-end', ...shadow });
  await worker.start();
  await worker.run();
  if (isReplay) await keepReplay(place, 'lists', { ...shadow.shadow!, status: 'caught-up' });
}

const profile = (learner: string): object => ({
  learner,
  region: REGION,
  updatedAtMs: MADE_MS,
  personal: { consentProfiling: true },
});

/** The versions of all items in an answer. */
const versionsIn = (items: readonly { readonly item: string }[]): string[] => [...new Set(items.map(({ item }) => item.split('-')[0]!))];

describe('readers', () => {
  it('switch at a pointer and back, and forget what is dropped, with no failure and no mixture', { timeout: SLOW_MS }, async (context) => {
    const storage = await openEmbedded(newFolder());
    context.onTestFinished(() => storage.close());
    const shelves = new Shelves(storage.log);
    for (const learner of LEARNERS) await shelves.put(topics.profiles, profile(learner));
    await run(storage, 1);
    await run(storage, 2, true);
    const notices: string[] = [];
    const silent = { write: () => true };
    const reader = await createReader({ log: storage.log, region: REGION, store: { folder: newFolder() }, now: () => MADE_MS, logStream: silent });
    context.onTestFinished(() => reader.close());
    const { client } = reader;
    client.onChange((change) => change.kind === 'served' && notices.push(change.topic));
    await client.caughtUp();
    const asking = new Asking(client, await reader.listen({ port: 0 }));
    const asked = asking.ask();
    const place = localReplays(storage, REGION);
    const options = { mostBehind: 0, force: false, nowMs: MADE_MS };
    await asking.untilMet(['v1']);
    await promote(place, 'lists', options);
    await asking.untilMet(['v1', 'v2']);
    await undoPromotion(place, 'lists', MADE_MS + 1);
    await asking.untilMet(['v1', 'v2', 'v1']);
    await promote(place, 'lists', { ...options, nowMs: MADE_MS + 2 });
    const { topics: dropped } = await drop(place, 'lists');
    expect(dropped).toContain(`${REGION}.recommendations`);
    await asking.untilMet(['v1', 'v2', 'v1', 'v2']);
    await shelves.put(topics.profiles, profile('newcomer'));
    await run(storage, 2);
    await expect.poll(() => versionsIn(client.get('newcomer').items)).toEqual(['v2']);
    asking.stop();
    await asked;
    expect([asking.wrong, asking.met]).toEqual([[], ['v1', 'v2', 'v1', 'v2']]);
    expect(notices).toEqual(['recommendations.v2', 'recommendations', 'recommendations.v2']);
  });

  it('go on serving a version that was dropped until they come to the pointer, and keep nothing of it then', async () => {
    const storage = new MemoryStorage();
    const shelves = new Shelves(storage.log);
    for (const learner of LEARNERS) await shelves.put(topics.recommendations, listsOf(learner, 1));
    const notices: string[] = [];
    const onNotice = ({ kind }: { readonly kind: string }): void => void notices.push(kind);
    const client = await RecommendationClient.openStill({
      log: storage.log,
      region: REGION,
      store: { folder: newFolder() },
      now: () => MADE_MS,
      onNotice,
    });
    await client.catchUp();
    for (const learner of LEARNERS) await shelves.put(topics.recommendations, listsOf(learner, 2), 'recommendations.v2');
    storage.log.remove(`${REGION}.recommendations`);
    await client.catchUp();
    expect(versionsIn(client.get('learner-1').items)).toEqual(['v1']);
    await shelves.pointer('recommendations.v2');
    await client.catchUp();
    expect(versionsIn(client.get('learner-1').items)).toEqual(['v2']);
    await client.catchUp();
    await shelves.pointer('recommendations');
    await shelves.put(topics.recommendations, listsOf('learner-2', 3));
    await client.catchUp();
    expect(['learner-1', 'learner-2'].map((learner) => versionsIn(client.get(learner).items))).toEqual([[], ['v3']]);
    expect(notices).toEqual(['served', 'served']);
    await client.close();
  });
});

/** Asks for every learner again and again, as a program and over HTTP. */
class Asking {
  /** Answers that are none, hold no items, or items of two versions. */
  readonly wrong: unknown[] = [];
  /** The versions that the program was answered from, in order. */
  readonly met: string[] = [];
  private stopped = false;

  constructor(
    private readonly client: RecommendationClient,
    private readonly url: string,
  ) {}

  async ask(): Promise<void> {
    while (!this.stopped) {
      const requests = LEARNERS.slice(0, 8).map((learner) => this.overHttp(learner));
      for (const learner of LEARNERS) {
        const [version] = this.checked(versionsIn(this.client.get(learner, { limit: 10 }).items));
        if (this.met.at(-1) !== version) this.met.push(version!);
      }
      await Promise.all(requests);
    }
  }

  untilMet(versions: readonly string[]): Promise<void> {
    return expect.poll(() => [...this.met], { timeout: SLOW_MS }).toEqual(versions);
  }

  stop(): void {
    this.stopped = true;
  }

  private async overHttp(learner: string): Promise<void> {
    const response = await fetch(`${this.url}/v1/learners/${learner}/recommendations?limit=10`);
    if (response.status !== 200) this.wrong.push(response.status);
    else this.checked(versionsIn(((await response.json()) as { items: { item: string }[] }).items));
  }

  private checked(versions: string[]): string[] {
    if (versions.length !== 1) this.wrong.push(versions);
    return versions;
  }
}
