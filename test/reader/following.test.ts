/** How a view follows the log: restarts, other logs, versions, bad records. */
import { afterEach, describe, expect, it } from 'vitest';
import {
  RecommendationClient,
  type ClientNotice,
  type ClientOptions,
  type RecommendationChange,
  type RecommendationLog,
} from '../../reader/index.js';
import { LmdbViewStore } from '../../reader/lmdbViewStore.js';
import { MAX_UNFOLLOWED_MS } from '../../reader/rebuilding.js';
import { topics } from '../../schemas/index.js';
import { MADE_MS, REGION, Shelves, recommendation } from './shelves.js';
import { newFolder } from '../fixtures/folders.js';

const COURSE = 'AAA-2014J';
const next = (...items: string[]) => ({ [COURSE]: { next: items } });
const open: RecommendationClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

interface Opened {
  readonly client: RecommendationClient;
  readonly notices: ClientNotice[];
  readonly shown: (learner?: string) => string[];
  /** Records read from the log so far. */
  readonly reads: () => number;
}

async function opening(shelves: Shelves, options: Partial<ClientOptions> = {}): Promise<Opened> {
  const notices: ClientNotice[] = [];
  let reads = 0;
  const source: RecommendationLog = options.log ?? shelves.log;
  const log: RecommendationLog = {
    topics: () => source.topics(),
    range: (topic, partition) => source.range(topic, partition),
    read: async (topic, partition, from, most) => {
      const records = await source.read(topic, partition, from, most);
      reads += records.length;
      return records;
    },
    ...(source.identity === undefined ? {} : { identity: () => source.identity!() }),
  };
  const client = await RecommendationClient.openStill({
    region: REGION,
    now: () => MADE_MS,
    onNotice: (notice) => notices.push(notice),
    ...options,
    log,
  });
  open.push(client);
  await client.catchUp();
  return { client, notices, shown: (learner = 'ada') => client.get(learner).items.map(({ item }) => item), reads: () => reads };
}

const named = (log: RecommendationLog, identity: string): RecommendationLog => ({
  topics: () => log.topics(),
  range: (topic, partition) => log.range(topic, partition),
  read: (topic, partition, from, most) => log.read(topic, partition, from, most),
  identity: () => identity,
});

describe('a view', () => {
  it('holds the last record of each learner, drops deleted ones, and skips markers of the engine', async () => {
    const shelves = new Shelves();
    await shelves.marker(topics.recommendations, 0);
    await shelves.recommend('ada', next('old'));
    await shelves.recommend('ada', next('n1'));
    await shelves.recommend('bob', next('b1'));
    await shelves.marker(topics.recommendations, 0);
    const { client, shown } = await opening(shelves);
    expect(shown()).toEqual(['n1']);
    await shelves.bytes(topics.recommendations, 'ada', null);
    await client.catchUp();
    expect(shown()).toEqual([]);
    expect(client.learners('', 9)).toEqual(['bob']);
    expect(client.status()).toEqual({ ready: false, served: 'recommendations', lag: 0, trouble: null });
  });

  it('tells what waits, and goes on where it was after a restart, reading nothing twice', async () => {
    const shelves = new Shelves();
    const store = { folder: newFolder() };
    for (let at = 0; at < 700; at++) await shelves.recommend(`l${at}`, next(`n${at}`));
    const first = await opening(shelves, { store });
    expect(first.reads()).toBe(700);
    await first.client.close();
    await shelves.recommend('l7', next('again'));
    const second = await RecommendationClient.openStill({ log: shelves.log, region: REGION, store });
    open.push(second);
    expect(second.status().lag).toBe(1);
    expect(second.get('l7').items[0]?.item).toBe('n7'); // at once, before it read anything
    await second.close();
    const third = await opening(shelves, { store });
    // Of each partition, the record before the position is looked at: is it the same log?
    expect(third.reads()).toBe(12 + 1);
    expect(third.shown('l7')).toEqual(['again']);
    expect(third.notices).toEqual([]);
  });

  it('reads only the region that it is told, and refuses a view of another one', async () => {
    const shelves = new Shelves();
    const other = new Shelves(shelves.log, 'us-east');
    await other.put(topics.recommendations, recommendation('ada', next('foreign'), { region: 'us-east' }));
    const store = { folder: newFolder() };
    const { shown, client } = await opening(shelves, { store });
    expect(shown()).toEqual([]);
    await client.close();
    await expect(RecommendationClient.openStill({ log: shelves.log, region: 'us-east', store })).rejects.toMatchObject({ code: 'SFS_VIEW_REGION' });
  });

  it('takes the clock of the data from the latest list', async () => {
    const shelves = new Shelves();
    await shelves.recommend('ada', next('n1'), { madeAtMs: 10, validUntilMs: 20 });
    const { client } = await opening(shelves, { now: 'data' });
    expect([client.now(), client.get('ada').served]).toEqual([10, 'personal']);
    await shelves.recommend('bob', next('n1'), { madeAtMs: 20, validUntilMs: 30 });
    await client.catchUp();
    expect([client.now(), client.get('ada').served]).toEqual([20, 'stale']);
  });

  it('tells its listeners what changed in the served version', async () => {
    const shelves = new Shelves();
    const { client } = await opening(shelves);
    const changes: RecommendationChange[] = [];
    const stop = client.onChange((change) => changes.push(change));
    await shelves.recommend('ada', next('n1'));
    await shelves.recommend('ada', next('n1'), {}, 'recommendations.v2');
    await shelves.segment(COURSE, 'all', [['p1', 1]]);
    await shelves.item('n1');
    await client.catchUp();
    stop();
    await shelves.recommend('bob', next('n1'));
    await client.catchUp();
    expect(changes).toEqual([
      { kind: 'item', item: 'n1' },
      { kind: 'learner', learner: 'ada' },
      { kind: 'segment', key: `${COURSE}|all` },
    ]);
  });
});

describe('two versions', () => {
  it('lie side by side; a pointer record switches, and switches back', async () => {
    const shelves = new Shelves();
    await shelves.recommend('ada', next('one'));
    await shelves.recommend('ada', next('two'), {}, 'recommendations.v2');
    const { client, shown, notices } = await opening(shelves);
    expect(shown()).toEqual(['one']);
    await shelves.pointer('recommendations.v2');
    expect(shown()).toEqual(['one']);
    await client.catchUp();
    expect(shown()).toEqual(['two']);
    await shelves.pointer('recommendations');
    await client.catchUp();
    expect(shown()).toEqual(['one']);
    expect(notices).toEqual([
      { kind: 'served', topic: 'recommendations.v2' },
      { kind: 'served', topic: 'recommendations' },
    ]);
  });

  it('switch with no gap: what was written before the pointer is in the view when it is followed', async () => {
    const shelves = new Shelves();
    await shelves.recommend('ada', next('one'));
    const source = shelves.log;
    // The writer completes the new version and promotes it while the view is reading: between any two calls.
    let calls = 0;
    const promoting: RecommendationLog = {
      topics: () => source.topics(),
      range: (topic, partition) => source.range(topic, partition),
      read: (topic, partition, from, most) => {
        if (++calls === 1) {
          void shelves.recommend('ada', next('two'), {}, 'recommendations.v2');
          void shelves.pointer('recommendations.v2');
        }
        return source.read(topic, partition, from, most);
      },
    };
    const { client, shown } = await opening(shelves, { log: promoting });
    expect(['one', 'two']).toContain(shown()[0]);
    await client.catchUp();
    expect(shown()).toEqual(['two']);
  });

  it('keep the pointer over a restart', async () => {
    const shelves = new Shelves();
    const store = { folder: newFolder() };
    await shelves.recommend('ada', next('two'), {}, 'recommendations.v2');
    await shelves.pointer('recommendations.v2');
    await (await opening(shelves, { store })).client.close();
    const again = await opening(shelves, { store });
    expect(again.shown()).toEqual(['two']);
    expect(again.notices).toEqual([]);
  });

  it('stay as they are for a pointer to a topic that is not there, to something else, or of another region', async () => {
    const shelves = new Shelves();
    await shelves.recommend('ada', next('one'));
    await shelves.recommend('ada', next('two'), {}, 'recommendations.v2');
    await shelves.pointer('recommendations.v3');
    await shelves.pointer('recommendations.v2', { region: 'us-east' });
    await shelves.pointer('recommendations.v2', { kind: 'MODEL' });
    await shelves.pointer('x', { payload: JSON.stringify({ topic: 'item-trends', serve: 'item-trends.v2' }) });
    await shelves.pointer('clicks');
    await shelves.pointer('x', { payload: 'no JSON' });
    const { shown, notices } = await opening(shelves);
    expect(shown()).toEqual(['one']);
    const refusals = { 1: 'SFS_REGION_MISMATCH', 4: 'SFS_POINTER_INVALID', 5: 'SFS_POINTER_INVALID' };
    expect(notices).toEqual(
      Object.entries(refusals).map(([offset, code]) => ({
        kind: 'unusable',
        record: { topic: 'eu-west.control', partition: 0, offset: Number(offset), code },
      })),
    );
  });
});

describe('a record that cannot be used', () => {
  it.each([
    ['is no record', (shelves: Shelves) => shelves.bytes(topics.recommendations, 'ada', Buffer.from('rubbish')), 'SFS_WIRE_FORMAT'],
    [
      'has another key than it says',
      (shelves: Shelves) => shelves.bytes(topics.recommendations, 'ada', shelves.record(topics.recommendations, recommendation('bob', {})).value),
      'SFS_KEY_MISMATCH',
    ],
    ['is of another region', (shelves: Shelves) => shelves.recommend('ada', next('foreign'), { region: 'us-east' }), 'SFS_REGION_MISMATCH'],
  ])('and %s leaves the last good one in place', async (_, write, code) => {
    const shelves = new Shelves();
    await shelves.recommend('ada', next('good'));
    await write(shelves);
    const { shown, notices } = await opening(shelves);
    expect(shown()).toEqual(['good']);
    expect(notices).toMatchObject([{ kind: 'unusable', record: { topic: 'eu-west.recommendations', offset: 1, code } }]);
  });

  it('and whose key is longer than the view can hold does no harm', async () => {
    const shelves = new Shelves();
    await shelves.recommend('x'.repeat(3000), next('n1'));
    await shelves.bytes(topics.recommendations, 'y'.repeat(3000), null);
    await shelves.recommend('ada', next('good'));
    const { shown, notices } = await opening(shelves, { store: { folder: newFolder() } });
    expect(shown()).toEqual(['good']);
    expect(shown('x'.repeat(3000))).toEqual([]);
    const tooLong = { kind: 'unusable', record: { code: 'SFS_KEY_TOO_LONG' } };
    expect(notices).toMatchObject([tooLong, tooLong]);
  });
});

describe('a view is built anew', () => {
  const rebuilt = (notices: readonly ClientNotice[]): unknown => notices.map((notice) => notice.kind === 'rebuild' && notice.reason.code);

  async function followed(log?: (shelves: Shelves) => RecommendationLog): Promise<{ readonly store: { folder: string }; readonly shelves: Shelves }> {
    const store = { folder: newFolder() };
    const shelves = new Shelves();
    await shelves.recommend('ada', next('old'));
    await shelves.recommend('bob', next('old'));
    const { client } = await opening(shelves, { store, ...(log === undefined ? {} : { log: log(shelves) }) });
    await client.denied.add('eve');
    await client.close();
    return { store, shelves };
  }

  it('when the log says that it is another one', async () => {
    const { store } = await followed((shelves) => named(shelves.log, 'first'));
    const shelves = new Shelves();
    await shelves.recommend('bob', next('n1'));
    const { client, shown, notices } = await opening(shelves, { store, log: named(shelves.log, 'second') });
    expect([shown('ada'), shown('bob'), rebuilt(notices)]).toEqual([[], ['n1'], ['other-log']]);
    expect(client.denied.list().map(({ learner }) => learner)).toEqual(['eve']); // no cache: it stays
  });

  it('when the log ends before the place that the view has reached, or lacks the topic', async () => {
    const { store } = await followed();
    const { shown, notices } = await opening(new Shelves(), { store });
    expect([shown(), rebuilt(notices)]).toEqual([[], ['other-log']]);
    await followed();
    const shorter = new Shelves();
    await shorter.recommend('zoe', next('n1'));
    const second = await opening(shorter, { store: (await followed()).store });
    expect([second.shown(), second.shown('zoe'), rebuilt(second.notices)]).toEqual([[], ['n1'], ['other-log']]);
  });

  it('when another record lies at the place that the view has reached', async () => {
    const { store } = await followed();
    const shelves = new Shelves();
    const at = async (learner: string): Promise<void> => {
      const record = shelves.record(topics.recommendations, recommendation(learner, next('n1')));
      await (shelves.log as unknown as { appendAt(records: unknown[], timeMs: number): Promise<void> }).appendAt([record], 1);
    };
    await at('ada');
    await at('bob');
    const { shown, notices } = await opening(shelves, { store });
    expect([shown('ada'), shown('bob'), rebuilt(notices)]).toEqual([['n1'], ['n1'], ['other-log']]);
  });

  it('when nobody followed the log for so long that a tombstone may be gone', async () => {
    const { store, shelves } = await followed();
    const aged = LmdbViewStore.open(store.folder);
    const { version, head } = aged.head();
    await aged.write(version, { head: { ...head!, followedAtMs: Date.now() - MAX_UNFOLLOWED_MS - 1 }, rows: [] });
    await aged.close();
    // Compaction took ada's record and the tombstone: the log holds bob alone.
    const compacted: RecommendationLog = {
      topics: () => shelves.log.topics(),
      range: (topic, partition) => shelves.log.range(topic, partition),
      read: (topic, partition, from, most) => shelves.log.read(topic, partition, from, most).filter(({ key }) => key?.toString() !== 'ada'),
    };
    const { shown, notices } = await opening(shelves, { store, log: compacted });
    expect([shown('ada'), shown('bob'), rebuilt(notices)]).toEqual([[], ['old'], ['not-followed']]);
  });

  it('when it has another format, and when that is asked for', async () => {
    const { store, shelves } = await followed();
    const aged = LmdbViewStore.open(store.folder);
    const { version, head } = aged.head();
    await aged.write(version, { head: { ...head!, format: 0 }, rows: [] });
    await aged.close();
    const first = await opening(shelves, { store });
    expect([first.shown(), rebuilt(first.notices)]).toEqual([['old'], ['format']]);
    await first.client.close();
    const second = await opening(shelves, { store, rebuild: true });
    expect([second.shown(), second.reads()]).toEqual([['old'], 2]);
  });
});

describe('a client that follows', () => {
  it('shows what is appended soon after, and stays as it is while the log cannot be read', async () => {
    const shelves = new Shelves();
    await shelves.recommend('ada', next('n1'));
    let broken = false;
    const notices: ClientNotice[] = [];
    const log: RecommendationLog = {
      topics: () => {
        if (broken) throw new Error('gone');
        return shelves.log.topics();
      },
      range: (topic, partition) => shelves.log.range(topic, partition),
      read: (topic, partition, from, most) => shelves.log.read(topic, partition, from, most),
      onAppend: (listener) => shelves.log.onAppend(listener),
    };
    const client = await RecommendationClient.open({ log, region: REGION, now: () => MADE_MS, onNotice: (notice) => notices.push(notice) });
    open.push(client);
    await client.caughtUp();
    const shown = (): string[] => client.get('ada').items.map(({ item }) => item);
    expect([shown(), client.status().ready]).toEqual([['n1'], true]);
    await shelves.recommend('ada', next('n2'));
    await expect.poll(shown).toEqual(['n2']);
    broken = true;
    await expect.poll(() => client.status().trouble).toBe('SFS_VIEW_UNUSABLE');
    expect([shown(), client.status().lag, client.status().ready]).toEqual([['n2'], null, true]);
    broken = false;
    await shelves.recommend('ada', next('n3'));
    await expect.poll(shown).toEqual(['n3']);
    expect(client.status().trouble).toBe(null);
    expect(notices.map(({ kind }) => kind)).toEqual(['trouble']);
  });

  it('says so to who waits when it is closed before it has caught up', async () => {
    const broken: RecommendationLog = {
      topics: () => {
        throw new Error('gone');
      },
      range: () => ({ start: 0, end: 0 }),
      read: () => [],
    };
    const client = await RecommendationClient.open({ log: broken, region: REGION });
    const waiting = expect(client.caughtUp()).rejects.toThrow('closed before');
    await client.close();
    await waiting;
  });
});

describe('two clients on one view', () => {
  it('take turns: each record is applied, whoever reads it', async () => {
    const shelves = new Shelves();
    const store = { folder: newFolder() };
    const first = await opening(shelves, { store });
    const second = await opening(shelves, { store });
    for (let round = 0; round < 20; round++) {
      await shelves.recommend('ada', next(`n${round}`));
      await Promise.all([first.client.catchUp(), second.client.catchUp()]);
      expect([first.shown(), second.shown()]).toEqual([[`n${round}`], [`n${round}`]]);
    }
  });
});
