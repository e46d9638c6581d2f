/** What is sent again is not written again, whatever ended in between; and what was answered is in the log. */
import { afterEach, describe, expect, it } from 'vitest';
import type { EventLog } from '../../gateway/index.js';
import { KEPT_MS, ReceivedEvents } from '../../gateway/index.js';
import { receivedKey } from '../../gateway/receivedEvents.js';
import { SkillForgeError } from '../../schemas/index.js';
import { Door, NOW_MS, click, problem, type Setting } from './gateways.js';

const doors: Door[] = [];
afterEach(async () => {
  for (const door of doors.splice(0)) await door.close();
});

async function opened(setting: Setting = {}): Promise<Door> {
  const door = await Door.open(setting);
  doors.push(door);
  return door;
}

const ids = (door: Door): string[] => door.records('clicks').map(({ value }) => value.eventId);
const gone = (): SkillForgeError => new SkillForgeError('SFS_BROKER_UNAVAILABLE', 'gone', { retriable: true });

/** A log with something around `append`. */
const around =
  (append: (log: EventLog, ...call: Parameters<EventLog['append']>) => Promise<void>) =>
  (log: EventLog): EventLog => ({
    get last() {
      return log.last;
    },
    append: (...call) => append(log, ...call),
    recover: () => log.recover(),
    close: () => log.close(),
  });

/** Fails the first batch before it is in the log, or behind it. */
const failingOnce = (when: 'before' | 'after', error = gone()): ((log: EventLog) => EventLog) => {
  let failed = false;
  return around(async (log, ...call) => {
    if (failed || when === 'after') await log.append(...call);
    if (failed) return;
    failed = true;
    throw error;
  });
};

describe('a retry', () => {
  it('with the same identities is told that they have come before', async () => {
    const door = await opened();
    expect((await door.post([click('a'), click('b')])).json).toEqual({ written: 2, repeated: 0 });
    expect((await door.post([click('b'), click('c')])).json).toEqual({ written: 1, repeated: 1 });
    expect(ids(door)).toEqual(['a', 'b', 'c']);
  });

  it('with the same key writes nothing, whether the events have identities or not', async () => {
    const door = await opened();
    const events = [click('given'), { ...click(''), eventId: undefined }, { ...click(''), eventId: undefined }];
    const headers = { 'idempotency-key': 'monday-17' };
    expect((await door.post(events, headers)).json).toEqual({ written: 3, repeated: 0 });
    await door.restart();
    expect((await door.post(events, headers)).json).toEqual({ written: 0, repeated: 3 });
    expect((await door.post(events, { 'idempotency-key': 'monday-18' })).json).toEqual({ written: 2, repeated: 1 });
    expect(new Set(ids(door)).size).toBe(5);
  });

  it('without a time of its own is the same, although time goes on', async () => {
    let nowMs = NOW_MS;
    const door = await opened({ now: () => nowMs++ });
    const event = click('timeless', { occurredAtMs: undefined });
    await door.post(event);
    expect((await door.post(event)).json).toEqual({ written: 0, repeated: 1 });
  });

  it('with other content under the same identity is refused, with all of its request', async () => {
    const door = await opened();
    await door.post(click('a'));
    expect(problem(await door.post([click('new'), click('a', { course: 'BBB' })]))).toEqual([409, 'SFS_EVENT_CONFLICT']);
    expect(problem(await door.post(click('a', { learner: 'mailto:bob@example.org' })))).toEqual([409, 'SFS_EVENT_CONFLICT']);
    expect(ids(door)).toEqual(['a']);
  });

  it('at the same time as the first is one of the two', async () => {
    const door = await opened();
    const answers = await Promise.all(Array.from({ length: 8 }, () => door.post(click('same'))));
    expect(answers.map(({ json }) => (json as { written: number }).written).reduce((sum, one) => sum + one)).toBe(1);
    expect(ids(door)).toEqual(['same']);
  });

  it('is known for three days', async () => {
    let nowMs = NOW_MS;
    const door = await opened({ now: () => nowMs });
    await door.post(click('a'));
    nowMs += KEPT_MS;
    await door.post(click('b'));
    expect((await door.post(click('a'))).json).toEqual({ written: 0, repeated: 1 });
    nowMs += 1;
    await door.post(click('c'));
    expect((await door.post(click('a'))).json).toEqual({ written: 1, repeated: 0 });
    expect((await door.post(click('b'))).json).toEqual({ written: 0, repeated: 1 });
  });
});

describe.each(['before', 'after'] as const)('a log that fails %s it has taken a batch', (when) => {
  const events = [click('a'), click('b')];
  const lost = when === 'before';
  const settled = { written: lost ? 2 : 0, repeated: lost ? 0 : 2 };

  it('is settled before the next batch: the retry is told what is there', async () => {
    const door = await opened({ between: failingOnce(when) });
    const answer = await door.post(events);
    expect([...problem(answer), answer.headers['retry-after']]).toEqual([503, 'SFS_BROKER_UNAVAILABLE', '1']);
    expect((await door.post(events)).json).toEqual(settled);
    expect(ids(door)).toEqual(['a', 'b']);
  });

  it('leaves the same to a process that begins anew', async () => {
    const door = await opened({ between: failingOnce(when) });
    expect((await door.post(events)).status).toBe(503);
    await door.restart({});
    expect((await door.post([click('other')])).json).toEqual({ written: 1, repeated: 0 });
    expect((await door.post(events)).json).toEqual(settled);
    expect(ids(door).sort()).toEqual(['a', 'b', 'other']);
  });
});

describe('a log that is away', () => {
  it('makes the gateway not ready, and the probe finds that it is back, without an event', async () => {
    let isAway = true;
    const answers = (log: EventLog): EventLog => ({
      ...around((one, ...call) => (isAway ? Promise.reject(gone()) : one.append(...call)))(log),
      get last() {
        return log.last;
      },
      recover: () => (isAway ? Promise.reject(gone()) : log.recover()),
    });
    const door = await opened({ between: answers });
    expect((await door.post(click('a'))).status).toBe(503);
    expect(problem(await door.ask('GET', '/readyz'))).toEqual([503, 'SFS_NOT_READY']);
    expect(problem(await door.post(click('a')))).toEqual([503, 'SFS_BROKER_UNAVAILABLE']);
    isAway = false;
    expect((await door.ask('GET', '/readyz')).json).toEqual({ status: 'ready' });
    expect((await door.post(click('a'))).json).toEqual({ written: 1, repeated: 0 });
  });
});

describe('a log that is another process’s by now', () => {
  it('is not written to any more, and the process is told to end', async () => {
    const lost: unknown[] = [];
    const fenced = new SkillForgeError('SFS_FENCED', 'another one writes');
    const door = await opened({ between: failingOnce('before', fenced), onLost: (error) => lost.push(error) });
    expect(problem(await door.post(click('a')))).toEqual([503, 'SFS_FENCED']);
    expect(problem(await door.post(click('b')))).toEqual([503, 'SFS_FENCED']);
    expect([lost, ids(door)]).toEqual([[fenced], []]);
  });
});

describe('files that another process has opened', () => {
  it('are left alone: what the older process is sent is not remembered, and its log not taken back', async () => {
    const lost: unknown[] = [];
    const door = await opened({ onLost: (error) => lost.push(error) });
    await door.post(click('a'));
    const successor = await ReceivedEvents.open(door.folder);
    expect(problem(await door.post(click('b')))).toEqual([503, 'SFS_FENCED']);
    expect([successor.digestOf(receivedKey('a')) === null, successor.digestOf(receivedKey('b'))]).toEqual([false, null]);
    expect(lost).toEqual([expect.objectContaining({ code: 'SFS_FENCED' })]);
    expect(problem(await door.ask('GET', '/readyz'))).toEqual([503, 'SFS_NOT_READY']);
    await successor.close();
  });
});

describe('a gateway with too much under way', () => {
  it('says so at once, and takes it later; what is under way is answered', async () => {
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    const held = around(async (log, ...call) => {
      await gate;
      await log.append(...call);
    });
    const door = await opened({ between: held, mostInFlightBytes: 400 });
    const url = await door.gateway.listen({ port: 0 });
    const post = (id: string) =>
      fetch(`${url}/v1/events`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(click(id)) });
    const first = post('first');
    await expect.poll(async () => (await (await fetch(`${url}/metrics`)).text()).match(/in_flight_bytes (\d+)/)?.[1]).not.toBe('0');
    const second = post('second');
    await expect.poll(async () => Number((await (await fetch(`${url}/metrics`)).text()).match(/in_flight_bytes (\d+)/)?.[1])).toBeGreaterThan(200);
    const refused = await post('third');
    expect([refused.status, refused.headers.get('retry-after'), ((await refused.json()) as { code: string }).code]).toEqual([
      429,
      '1',
      'SFS_OVERLOADED',
    ]);
    open();
    expect([(await first).status, (await second).status]).toEqual([200, 200]);
    await expect.poll(async () => (await post('third')).status).toBe(200);
    expect(ids(door).sort()).toEqual(['first', 'second', 'third']);
  });
});
