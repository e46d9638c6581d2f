/** The commit and document parts of the storage conformance suite. */
import { expect, it } from 'vitest';
import type { LocalStorage } from '../../runtime/ports.js';
import { output, put, taskCommit, timer, topicSpec, TASK, type StorageUnderTest } from './storageFixtures.js';

export function commitTests(subject: () => StorageUnderTest): void {
  it('makes outputs, state, queue and progress visible together', async () => {
    const { storage } = subject();
    storage.log.ensureTopic(topicSpec());
    expect(storage.tasks.progress(TASK)).toBeNull();
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

  it('takes effect in call order, also when not awaited', async () => {
    const { storage } = subject();
    storage.log.ensureTopic(topicSpec());
    const commits = Array.from({ length: 50 }, (_, n) =>
      storage.commit(taskCommit({ outputs: [output('k', String(n))], state: [put('k', String(n))], progress: Buffer.from(String(n)) })),
    );
    await Promise.all(commits);
    expect(storage.log.read('eu.events', 0, 0, 100).map(({ value }) => Number(value))).toEqual(Array.from({ length: 50 }, (_, n) => n));
    expect(String(storage.tasks.get(TASK, 'counts', 'k'))).toBe('49');
    expect(String(storage.tasks.progress(TASK))).toBe('49');
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

  it('applies several writes of one key in their order', async () => {
    const { storage } = subject();
    await storage.commit(
      taskCommit({
        state: [
          put('k', '1'),
          { store: 'counts', key: 'k', value: null },
          put('k', '2'),
          put('gone', '1'),
          { store: 'counts', key: 'gone', value: null },
        ],
      }),
    );
    expect(String(storage.tasks.get(TASK, 'counts', 'k'))).toBe('2');
    expect(storage.tasks.get(TASK, 'counts', 'gone')).toBeNull();
  });
}

export function documentTests(subject: () => StorageUnderTest): void {
  it('stores, replaces and lists by prefix in byte order', async () => {
    const { documents } = subject().storage;
    expect(documents.get('plan/a')).toBeNull();
    for (const name of ['plan/b', 'plan/a', 'plans', 'plan/é', 'schema/1']) await documents.put(name, Buffer.from(name));
    await documents.put('plan/a', Buffer.from('second'));
    const again = (await subject().reopen()).documents;
    expect(String(again.get('plan/a'))).toBe('second');
    expect(again.names('plan/')).toEqual(['plan/a', 'plan/b', 'plan/é']);
    expect(again.names('')).toHaveLength(5);
    expect(again.names('none')).toEqual([]);
  });
}
