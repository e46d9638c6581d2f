/** The outbox of a reader in a region with data keys, and of one that does not know whether its region has any. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createReader, type RecommendationLog } from '../../reader/index.js';
import { OUTBOX_FILE, Outbox } from '../../reader/outbox.js';
import { OutboxWriter, type OutboxOptions, type OutboxParts } from '../../reader/outboxWriter.js';
import { Mention } from '../../scripts/privacy/erasure/mention.js';
import { eraseInOutbox, foundInOutbox } from '../../scripts/privacy/erasure/outboxFile.js';
import { atEndOfFile } from '../fixtures/endOfFile.js';
import { newFolder } from '../fixtures/folders.js';
import { keyedFolder, switchedKeys, type SwitchedKeys } from './keyed.js';
import { NumberedLogs, away, feedbackOf } from './numberedLogs.js';
import { COURSE, serving } from './serving.js';
import { REGION, Shelves } from './shelves.js';

const soon = { timeout: 20_000, interval: 20 };
const [ADA, BOB] = ['5f0c1c9e-6a57-4b13-9a55-1d9d6f9f2a10', '0b1f7c55-8f0e-4c43-8a0b-0c8b6a1f9e77'];
const isAway = (): Promise<never> => Promise.reject(away());
const isThere = (): Promise<void> => Promise.resolve();

interface Opened {
  readonly writer: OutboxWriter;
  readonly send: (...ids: string[]) => Promise<string>;
  readonly close: () => Promise<void>;
}

async function opened(log: NumberedLogs, folder: string, more: Partial<OutboxOptions & OutboxParts> = {}): Promise<Opened> {
  const writer = await OutboxWriter.open({ folder, log, patienceMs: 5_000 }, { region: REGION, isDenied: () => false, ...more });
  return { writer, send: (...ids) => writer.write(ids.map((id) => feedbackOf(id, ADA))), close: () => writer.close() };
}

const has = (folder: string, ...texts: string[]): boolean[] => {
  const bytes = readFileSync(join(folder, OUTBOX_FILE));
  return texts.map((text) => bytes.includes(text));
};
const absent = (): NumberedLogs => {
  const log = new NumberedLogs();
  log.before = isAway;
  return log;
};

/** A sealed outbox in which one event waits, of a reader that has ended; the log is there by now. */
async function oneWaiting(): Promise<{
  readonly keys: SwitchedKeys;
  readonly log: NumberedLogs;
  readonly folder: string;
}> {
  const keys = await switchedKeys();
  const [log, folder] = [absent(), newFolder()];
  const first = await opened(log, folder, { keys });
  await first.send('event-one');
  await first.close();
  log.before = isThere;
  return { keys, log, folder };
}

describe('an outbox in a region with data keys', () => {
  it('has nothing of an event in its file that can be read, over restarts, and forwards what came', async () => {
    const keys = await switchedKeys();
    const [log, sealed, clear] = [absent(), newFolder(), newFolder()];
    for (const [folder, more] of [
      [sealed, { keys }],
      [clear, {}],
    ] as const) {
      const { send, close } = await opened(folder === sealed ? log : absent(), folder, more);
      expect(await send('event-one', 'event-two')).toBe('outbox');
      await close();
    }
    expect([has(sealed, 'event-one', ADA, 'OPENED'), has(clear, 'event-one', ADA, 'OPENED')]).toEqual([
      [false, false, false],
      [true, true, true],
    ]);
    // Whatever told of the ring is away, and Kafka: the key service has unwrapped the key.
    keys.isRingAway = true;
    const again = await opened(log, sealed, { keys });
    expect([await again.send('event-three'), again.writer.status().events]).toEqual(['outbox', 3]);
    keys.isServiceAway = true;
    expect(await again.send('event-four')).toBe('outbox');
    log.before = isThere;
    await expect.poll(() => log.ids, soon).toEqual(['event-one', 'event-two', 'event-three', 'event-four']);
    expect(log.events[0]).toEqual(feedbackOf('event-one', ADA));
    await again.close();
    expect(has(sealed, 'event-one', 'event-three', ADA)).toEqual([false, false, false]);
  });

  it('tells what waits while the key service is away at its start, takes and forwards nothing, and goes on when it is back', async () => {
    const { keys, log, folder } = await oneWaiting();
    keys.isServiceAway = true;
    const troubles: unknown[] = [];
    const second = await opened(log, folder, { keys, onTrouble: (error) => troubles.push(error) });
    await expect(second.send('event-two')).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE', retriable: true });
    await expect.poll(() => second.writer.status(), soon).toMatchObject({ events: 1, trouble: 'SFS_KEYS_UNAVAILABLE' });
    expect([Date.now() - second.writer.status().oldestMs! < 60_000, log.ids, troubles.length]).toEqual([true, [], 1]);
    keys.isServiceAway = false;
    await expect.poll(() => log.ids, soon).toEqual(['event-one']);
    expect(await second.send('event-two')).toBe('log');
    await second.close();
  });

  it('of before, in clear, is read, sealed, written anew without its old pages, and drained', async () => {
    const keys = await switchedKeys();
    const [log, folder] = [absent(), newFolder()];
    const before = await opened(log, folder);
    await before.send('event-one', 'event-two');
    await before.close();
    expect(has(folder, 'event-one', ADA)).toEqual([true, true]);
    const after = await opened(log, folder, { keys });
    expect([has(folder, 'event-one', ADA), after.writer.status().events]).toEqual([[false, false], 2]);
    expect(await after.send('event-three')).toBe('outbox');
    log.before = isThere;
    await expect.poll(() => log.ids, soon).toEqual(['event-one', 'event-two', 'event-three']);
    await after.close();
  });

  it('takes nothing before anybody can tell whether there are keys, but where the last word was that there are none', async () => {
    const keys = await switchedKeys();
    keys.isRingAway = true;
    const [log, folder] = [absent(), newFolder()];
    const unknown = await opened(log, folder, { keys });
    await expect(unknown.send('event-one')).rejects.toMatchObject({ code: 'SFS_KEYS_UNAVAILABLE' });
    [keys.isRingAway, keys.areThereKeys] = [false, false];
    await expect.poll(() => unknown.send('event-two').catch(() => null), soon).toBe('outbox');
    await unknown.close();
    keys.isRingAway = true;
    const again = await opened(log, folder, { keys });
    expect(await again.send('event-three')).toBe('outbox');
    await again.close();
    expect(has(folder, 'event-one', 'event-two', 'event-three')).toEqual([false, true, true]);
  });

  it('stays closed without keys, and says what to do', async () => {
    const { log, folder } = await oneWaiting();
    const without = await opened(log, folder);
    await expect.poll(() => without.writer.status(), soon).toMatchObject({ events: 1, trouble: 'SFS_EVENTS_IN_CLEAR' });
    await expect(without.send('event-two')).rejects.toMatchObject({
      code: 'SFS_EVENTS_IN_CLEAR',
      message: expect.stringContaining('--redis') as string,
    });
    await without.close();
    expect(log.ids).toEqual([]);
  });

  it('is looked into, and a learner goes from it, by who can ask the key service', async () => {
    const keys = await switchedKeys();
    const [log, folder] = [absent(), newFolder()];
    const reader = await opened(log, folder, { keys });
    await reader.writer.write([feedbackOf('event-one', ADA), feedbackOf('event-two', BOB)]);
    await reader.close();
    const foundOf = async (learner: string): Promise<number> => {
      let found = 0;
      for await (const { where } of foundInOutbox(folder, REGION, new Mention(learner))) found += where.includes(OUTBOX_FILE) ? 1 : 0;
      return found;
    };
    expect([await foundOf(ADA), await foundOf(BOB)]).toEqual([1, 1]);
    expect(await eraseInOutbox(folder, REGION, new Mention(ADA))).toBe(1);
    expect([await foundOf(ADA), await foundOf(BOB)]).toEqual([0, 1]);
    log.before = isThere;
    const after = await opened(log, folder, { keys });
    await expect.poll(() => log.ids, soon).toEqual(['event-two']);
    await after.close();
  });
});

describe('a reader without the keys of its region', () => {
  const body = { events: [{ eventId: 'event-from-outside', learner: 'ada', course: COURSE, occurredAt: '2014-10-20T10:00:00Z', list: 'next', kind: 'OPENED', item: 'n1', position: 0 }] }; // prettier-ignore
  const asked = async (log: RecommendationLog, folder: string, events: NumberedLogs) => {
    const reader = await createReader({ log, region: REGION, pollMs: 10, store: { folder }, outbox: { folder, log: events } });
    atEndOfFile(() => reader.close());
    return { reader, send: async () => {
        const answer = await reader.app.inject({ method: 'POST', url: '/v1/feedback', payload: body });
        return [answer.statusCode, answer.json<unknown>()] as const;
      } }; // prettier-ignore
  };

  it('writes no events, neither on its disk nor into the log, once it has seen that there are some', async () => {
    const { storage, closed } = await keyedFolder();
    await new Shelves(storage.log).recommend('ada', { [COURSE]: { next: ['n1'] } });
    const [events, folder] = [new NumberedLogs(), newFolder()];
    // What was in the outbox before stays there.
    const before = await opened(absent(), folder);
    await before.send('event-one');
    await before.close();
    const { reader, send } = await asked(closed, folder, events);
    await reader.client.caughtUp();
    const [status, problem] = await send();
    expect([status, problem]).toMatchObject([503, { code: 'SFS_EVENTS_IN_CLEAR', detail: expect.stringContaining('--redis') as string }]);
    await expect.poll(async () => (await reader.app.inject('/readyz')).json<unknown>(), soon).toMatchObject({ outbox: { events: 1, trouble: 'SFS_EVENTS_IN_CLEAR' } }); // prettier-ignore
    await reader.close();
    expect([events.ids, has(folder, 'event-from-outside')]).toEqual([[], [false]]);
  });

  it('takes none before it was at the end of the log, and takes them in a region without keys from then on', async () => {
    const { storage, closed } = await keyedFolder(false);
    await new Shelves(storage.log).recommend('ada', { [COURSE]: { next: ['n1'] } });
    let go: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (go = resolve));
    const slow: RecommendationLog = { ...closed, read: async (...place) => held.then(() => closed.read(...place)) };
    const events = new NumberedLogs();
    const { reader, send } = await asked(slow, newFolder(), events);
    expect(await send()).toMatchObject([503, { code: 'SFS_NOT_READY' }]);
    go();
    await reader.client.caughtUp();
    expect([await send(), events.ids]).toEqual([[200, { written: 1 }], ['event-from-outside']]);
    await reader.close();
  });
});

describe('a reader that was started without a place for events', () => {
  it('says that some wait on its disk, how many and since when', async () => {
    const [folder, lines] = [newFolder(), [] as string[]];
    const before = await opened(absent(), folder);
    await before.send('event-one', 'event-two');
    await before.close();
    const left: unknown[] = [];
    const school = await serving({
      ...{ metrics: true, store: { folder }, onLeft: (status: unknown) => left.push(status) },
      logStream: { write: (line: string) => lines.push(line) > 0 },
    });
    expect(lines.filter((line) => line.includes('nobody forwards them')).map((line) => (JSON.parse(line) as { level: string; events: number }))).toMatchObject([{ level: 'warn', events: 2 }]); // prettier-ignore
    expect(left).toMatchObject([{ events: 2, trouble: 'SFS_EVENTS_UNAVAILABLE' }]);
    expect(await (await school.get('/readyz')).json()).toMatchObject({ outbox: { events: 2, trouble: 'SFS_EVENTS_UNAVAILABLE' } });
    const metrics = await (await school.get('/metrics')).text();
    expect(metrics).toMatch(/^skillforge_reader_outbox_events 2$/m);
    expect(metrics).toMatch(/^skillforge_reader_outbox_age_seconds 0?\.?\d+/m);
    expect(metrics).not.toMatch(/^skillforge_reader_outbox_limit_bytes /m);
    await school.reader.close();
  });

  it('says nothing where none wait, and makes no file', async () => {
    const folder = newFolder();
    const school = await serving({ metrics: true, store: { folder } });
    expect(await (await school.get('/readyz')).json()).not.toHaveProperty('outbox');
    expect(existsSync(join(folder, OUTBOX_FILE))).toBe(false);
    await school.reader.close();
    await (await Outbox.open(folder, REGION)).close();
  });
});
