/** The parts of the storage conformance suite that only a log and task state in one place can promise. */
import { expect, it } from 'vitest';
import type { LocalStorage } from '../../runtime/ports.js';
import { output, put, taskCommit, timer, topicSpec, TASK, type StorageUnderTest } from './storageFixtures.js';

export function commitTests(subject: () => StorageUnderTest): void {
  it('makes outputs, state, queue and progress visible together', async () => {
    const { storage } = subject();
    storage.log.ensureTopic(topicSpec());
    await storage.commit(taskCommit({ outputs: [output('a', '1')], state: [put('k', 'v')], queue: [timer(5, 'x')], progress: Buffer.from('at 7') }));
    const look = ({ log, tasks }: LocalStorage): unknown[] => [
      log.range('eu.events', 0).end,
      String(tasks.get(TASK, 'counts', 'k')),
      tasks.queueHead(TASK, 10).map(({ timeMs }) => timeMs),
      String(tasks.progress(TASK)),
    ];
    expect(look(storage)).toEqual([1, 'v', [5], 'at 7']);
    expect(look(await subject().reopen())).toEqual([1, 'v', [5], 'at 7']);
  });

  it('appends in call order, also when not awaited', async () => {
    const { storage } = subject();
    storage.log.ensureTopic(topicSpec());
    await Promise.all(Array.from({ length: 50 }, (_, n) => storage.commit(taskCommit({ outputs: [output('k', String(n))] }))));
    expect(storage.log.read('eu.events', 0, 0, 100).map(({ value }) => Number(value))).toEqual(Array.from({ length: 50 }, (_, n) => n));
  });

  it('is refused as a whole when a part of it is', async () => {
    const { storage } = subject();
    storage.log.ensureTopic(topicSpec());
    const refused = storage.commit(taskCommit({ outputs: [output('a', '1', { topic: 'none' })], state: [put('k', 'v')] }));
    await expect(refused).rejects.toMatchObject({ code: 'SFS_TOPIC_UNKNOWN' });
    const tooLong = storage.commit(taskCommit({ outputs: [output('a', '1')], state: [put('k'.repeat(5000), 'v')] }));
    await expect(tooLong).rejects.toMatchObject({ code: 'SFS_KEY_TOO_LONG' });
    expect(storage.tasks.progress(TASK)).toBeNull();
    expect(storage.log.range('eu.events', 0).end).toBe(0);
    await storage.commit(taskCommit({ state: [put('k', 'v')] }));
    expect(String(storage.tasks.get(TASK, 'counts', 'k'))).toBe('v');
  });
}

export function keyOrderTests(subject: () => StorageUnderTest): void {
  it('is that of the UTF-8 bytes in a scan, not of UTF-16 units', async () => {
    const { storage } = subject();
    const keys = ['', 'a', 'a\u0000', 'a\u0000b', 'ab', 'z', 'ß', 'é', '\uffee', '\u{1f600}', '10', '9', 'Ünïcode/日本'];
    await storage.commit(taskCommit({ state: keys.map((key) => put(key, key)) }));
    const expected = [...keys].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    expect([...storage.tasks.scan(TASK, 'counts')].map(({ key }) => key)).toEqual(expected);
    expected.forEach((after, i) => {
      expect([...storage.tasks.scan(TASK, 'counts', after, 3)].map(({ key }) => key)).toEqual(expected.slice(i + 1, i + 4));
    });
  });

  it('holds for more entries than fit in memory pages, up to a limit', async () => {
    const { storage } = subject();
    const keys = Array.from({ length: 1500 }, (_, n) => String(n).padStart(5, '0'));
    await storage.commit(taskCommit({ state: keys.map((key) => put(key, key)) }));
    expect([...storage.tasks.scan(TASK, 'counts')].map(({ key }) => key)).toEqual(keys);
    expect([...storage.tasks.scan(TASK, 'counts', '00009', 700)].map(({ value }) => String(value))).toEqual(keys.slice(10, 710));
  });
}
