/** Events of clients while the log takes none: what was accepted gets there, once and in order. */
import { copyFileSync, cpSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { OUTBOX_FILE, Outbox } from '../../reader/outbox.js';
import { OutboxWriter, type OutboxOptions, type OutboxParts } from '../../reader/outboxWriter.js';
import { newFolder } from '../fixtures/folders.js';
import { NumberedLogs, away, feedbackOf } from './numberedLogs.js';
import { COURSE, serving } from './serving.js';
import { REGION } from './shelves.js';

const soon = { timeout: 20_000, interval: 20 };

interface Opened {
  readonly writer: OutboxWriter;
  readonly send: (...ids: string[]) => Promise<string>;
}

async function opened(log: NumberedLogs, folder: string, more: Partial<OutboxOptions & OutboxParts> = {}): Promise<Opened> {
  const parts = { region: REGION, isDenied: () => false, ...more };
  const writer = await OutboxWriter.open({ folder, log, patienceMs: 5_000, ...more }, parts);
  return { writer, send: (...ids) => writer.write(ids.map((id) => feedbackOf(id))) };
}

const isAway = (): Promise<never> => Promise.reject(away());
const isThere = (): Promise<void> => Promise.resolve();
const numbered = (from: number, to: number): string[] => Array.from({ length: to - from }, (_, n) => `e${from + n}`);

describe('an outbox', () => {
  it('answers when the log has the events, in their order', async () => {
    const log = new NumberedLogs();
    const { writer, send } = await opened(log, newFolder());
    const sent = numbered(0, 40);
    expect(new Set(await Promise.all(sent.map((id) => send(id))))).toEqual(new Set(['log']));
    expect(log.ids).toEqual(sent);
    expect(writer.status()).toMatchObject({ events: 0, bytes: 0, oldestMs: null, trouble: null });
    await writer.close();
  });

  it('answers that events are on disk while the log is away, and forwards them in their order when it is there', async () => {
    const log = new NumberedLogs();
    const { writer, send } = await opened(log, newFolder());
    expect(await send('e0')).toBe('log');
    log.before = isAway;
    expect(await send('e1')).toBe('outbox');
    expect(new Set(await Promise.all(numbered(2, 1_301).map((id) => send(id))))).toEqual(new Set(['outbox']));
    const { events, bytes, oldestMs, trouble } = writer.status();
    expect([events, bytes > 100_000, oldestMs !== null && Date.now() - oldestMs < 60_000, trouble]).toEqual([
      1_300,
      true,
      true,
      'SFS_BROKER_UNAVAILABLE',
    ]);
    log.before = isThere;
    await expect.poll(() => writer.status().events, soon).toBe(0);
    expect(log.ids).toEqual(numbered(0, 1_301));
    expect([writer.status().trouble, await send('e1301')]).toEqual([null, 'log']);
    await writer.close();
  });

  it('does not make anybody wait for a slow log, but the first', async () => {
    const log = new NumberedLogs();
    const { writer, send } = await opened(log, newFolder(), { patienceMs: 50 });
    let go = (): void => undefined;
    log.before = () => new Promise((resolve) => (go = resolve));
    expect(await send('e0')).toBe('outbox');
    const startMs = performance.now();
    for (const id of numbered(1, 20)) expect(await send(id)).toBe('outbox');
    expect(performance.now() - startMs).toBeLessThan(19 * 50);
    log.before = isThere;
    go();
    await expect.poll(() => log.ids.length, soon).toBe(20);
    await writer.close();
    expect(log.ids).toEqual(numbered(0, 20));
  });

  it('doubles nothing where the log took a batch and could not say so', async () => {
    const log = new NumberedLogs();
    const { writer, send } = await opened(log, newFolder());
    log.after = isAway;
    expect(await send('e0', 'e1')).toBe('outbox');
    log.after = isThere;
    await expect.poll(() => writer.status().events, soon).toBe(0);
    expect([await send('e2'), log.ids]).toEqual(['log', numbered(0, 3)]);
    await writer.close();
  });

  it('would double them if the log kept no number', async () => {
    const log = new NumberedLogs();
    log.forgets = true;
    const { writer, send } = await opened(log, newFolder());
    log.after = isAway;
    await send('e0', 'e1');
    log.after = isThere;
    await expect.poll(() => writer.status().events, soon).toBe(0);
    expect(log.ids.length).toBeGreaterThan(2);
    await writer.close();
  });

  it('keeps over restarts what it could not forward, and loses nothing of it where it is killed in between', async () => {
    const [log, folder] = [new NumberedLogs(), newFolder()];
    log.before = isAway;
    for (let start = 0; start < 3; start++) {
      const { writer, send } = await opened(log, folder);
      expect(await send(`e${start}`)).toBe('outbox');
      await writer.close();
    }
    log.before = isThere;
    const { writer } = await opened(log, folder);
    await writer.close();
    expect(log.ids).toEqual(['e0', 'e1', 'e2']);
  });

  it('forwards before it ends what the log takes', async () => {
    const log = new NumberedLogs();
    const { writer, send } = await opened(log, newFolder(), { patienceMs: 1 });
    log.before = () => sleep(100);
    expect(await send('e0')).toBe('outbox');
    expect(await send('e1')).toBe('outbox');
    await writer.close();
    expect(log.ids).toEqual(['e0', 'e1']);
  });

  it(
    'leaves on disk, when it ends, what a log that hangs has not confirmed, and asks it first when it begins again',
    { timeout: 30_000 },
    async () => {
      const [log, folder] = [new NumberedLogs(), newFolder()];
      const { writer, send } = await opened(log, folder, { patienceMs: 1 });
      let go = (): void => undefined;
      log.after = () => new Promise((resolve) => (go = resolve));
      expect(await send('e0')).toBe('outbox');
      await expect.poll(() => log.ids, soon).toEqual(['e0']);
      await writer.close();
      log.after = isThere;
      go();
      await sleep(50);
      const again = await opened(log, folder);
      expect([await again.send('e1'), log.ids]).toEqual(['log', ['e0', 'e1']]);
      await again.writer.close();
    },
  );

  it('refuses what it has no room for, and takes it when there is room', async () => {
    const log = new NumberedLogs();
    log.before = isAway;
    const gone: [string, number][] = [];
    const { writer, send } = await opened(log, newFolder(), { mostBytes: 2_000, onGone: (outcome, events) => gone.push([outcome, events]) });
    const refused = new Set<string>();
    for (const id of numbered(0, 20)) await send(id).catch((error: unknown) => void refused.add((error as { code: string }).code));
    expect([...refused]).toEqual(['SFS_OUTBOX_FULL']);
    const { events, bytes } = writer.status();
    expect(events > 2 && events < 20 && bytes <= 2_000).toBe(true);
    log.before = isThere;
    await expect.poll(() => writer.status().events, soon).toBe(0);
    expect([await send('last'), log.ids]).toEqual(['log', [...numbered(0, events), 'last']]);
    expect(gone.reduce((sum, [outcome, some]) => sum + (outcome === 'forwarded' ? some : 0), 0)).toBe(events + 1);
    await writer.close();
  });

  it('forwards nothing of a learner who was denied since', async () => {
    const [log, denied] = [new NumberedLogs(), new Set<string>()];
    log.before = isAway;
    const { writer } = await opened(log, newFolder(), { isDenied: (learner) => denied.has(learner) });
    for (const [id, learner] of [['e0', 'ada'], ['e1', 'ben'], ['e2', 'ada'], ['e3', 'cleo']] as const) await writer.write([feedbackOf(id, learner)]); // prettier-ignore
    denied.add('ada');
    log.before = isThere;
    await expect.poll(() => writer.status().events, soon).toBe(0);
    expect(log.ids).toEqual(['e1', 'e3']);
    await writer.close();
  });
});

describe('the file of an outbox', () => {
  it('that was copied with its folder writes under a name of its own: no number of one is taken for one of the other', async () => {
    const [log, folder, copy] = [new NumberedLogs(), newFolder(), join(newFolder(), 'copy')];
    const first = await opened(log, folder);
    await first.send('e0');
    await first.writer.close();
    cpSync(folder, copy, { recursive: true });
    const [one, other] = [await opened(log, folder), await opened(log, copy)];
    for (const id of ['e1', 'e2']) expect([await one.send(`${id}-one`), await other.send(`${id}-other`)]).toEqual(['log', 'log']);
    for (const { writer } of [one, other]) await writer.close();
    expect([log.ids, log.names.size]).toEqual([['e0', 'e1-one', 'e1-other', 'e2-one', 'e2-other'], 2]);
  });

  it('that was put back as it was before loses nothing that it has taken since', async () => {
    const [log, folder, before] = [new NumberedLogs(), newFolder(), join(newFolder(), OUTBOX_FILE)];
    const path = join(folder, OUTBOX_FILE);
    const first = await opened(log, folder);
    await first.send('e0');
    await first.writer.close();
    copyFileSync(path, before);
    const second = await opened(log, folder);
    for (const id of numbered(1, 9)) await second.send(id);
    await second.writer.close();
    // Into the same file, as a snapshot of a disk comes back.
    copyFileSync(before, path);
    const third = await opened(log, folder);
    expect([await third.send('new'), log.ids]).toEqual(['log', [...numbered(0, 9), 'new']]);
    await third.writer.close();
  });

  it('is refused where it is of another region, or is none', async () => {
    const folder = newFolder();
    await (await Outbox.open(folder, REGION)).close();
    await expect(Outbox.open(folder, 'us-east')).rejects.toMatchObject({ code: 'SFS_REGION_MISMATCH' });
    const broken = newFolder();
    writeFileSync(join(broken, OUTBOX_FILE), Buffer.alloc(20_000, 'no database'));
    await expect(Outbox.open(broken, REGION)).rejects.toMatchObject({ code: 'SFS_VIEW_UNUSABLE' });
  });
});

describe('a reader with an outbox', () => {
  const event = { learner: 'ada', course: COURSE, occurredAt: '2014-10-20T10:00:00Z', list: 'next', kind: 'OPENED', item: 'n1', position: 0 };

  it('answers 202 while the log is away, 503 when the outbox is full, and says how much waits', async () => {
    const [log, folder] = [new NumberedLogs(), newFolder()];
    const school = await serving({ metrics: true, store: { folder }, outbox: { folder, log, mostBytes: 1_000 } });
    onTestFinished(() => school.reader.close());
    const sent = async (eventId: string): Promise<unknown> => {
      const response = await school.post('/v1/feedback', { events: [{ ...event, eventId }] });
      return [
        response.status,
        response.headers.get('retry-after'),
        ((await response.json()) as { written?: number; code?: string }).code ?? 'written',
      ];
    };
    const metric = async (name: string): Promise<number> =>
      Number(new RegExp(`^skillforge_reader_outbox_${name} (.*)$`, 'm').exec(await (await school.get('/metrics')).text())?.[1]);
    expect([await sent('e0'), existsSync(join(folder, OUTBOX_FILE))]).toEqual([[200, null, 'written'], true]);
    log.before = isAway;
    expect(await sent('e1')).toEqual([202, null, 'written']);
    expect(await (await school.get('/readyz')).json()).toMatchObject({
      status: 'ready',
      outbox: { events: 1, bytes: expect.any(Number) as number, oldestAt: expect.stringMatching(/^20/) as string, trouble: 'SFS_BROKER_UNAVAILABLE' },
    });
    expect([await metric('events'), (await metric('bytes')) > 100, await metric('limit_bytes'), (await metric('age_seconds')) > 0]).toEqual([
      1,
      true,
      1_000,
      true,
    ]);
    let last: unknown;
    for (let n = 2; n < 20; n++) last = await sent(`e${n}`);
    expect(last).toEqual([503, '30', 'SFS_OUTBOX_FULL']);
    expect((await school.get('/readyz')).status).toBe(200);
    log.before = isThere;
    await expect.poll(() => metric('events'), soon).toBe(0);
    expect(await sent('e99')).toEqual([200, null, 'written']);
    expect([await metric('gone_total{outcome="forwarded"}'.replace(/[{}]/g, '\\$&')), log.ids.at(0), log.ids.at(-1)]).toEqual([
      log.ids.length,
      'e0',
      'e99',
    ]);
  });
});
