/** Who is refused, as a process knows it, and what it says of that: over a list in memory whose calls can be held up. */
import { describe, expect, it } from 'vitest';
import { RefusedOwners } from '../../../runtime/keys/refusedOwners.js';
import type { RedisRefusals, RefusedOwner } from '../../../runtime/redis/index.js';

/** A list that any number of processes look at. */
class List implements RedisRefusals {
  readonly entries = new Map<string, RefusedOwner>();
  readonly told = new Map<string, string>();
  private changes = 0;
  isAway = false;

  version = (): Promise<string> => this.answer(() => this.now());
  list = (): ReturnType<RedisRefusals['list']> => this.answer(() => ({ version: this.now(), refused: new Map(this.entries) }));
  get = (digest: string): Promise<RefusedOwner | null> => this.answer(() => this.entries.get(digest) ?? null);
  add = (digest: string, owner: RefusedOwner): Promise<void> =>
    this.answer(() => {
      this.entries.set(digest, owner);
      this.changes++;
    });
  remove = (digest: string): Promise<void> =>
    this.answer(() => {
      this.entries.delete(digest);
      this.changes++;
    });
  tell = (writer: string, version: string): Promise<void> => this.answer(() => void this.told.set(writer, version));
  leave = (writer: string): Promise<void> => this.answer(() => void this.told.delete(writer));
  writers = (): Promise<ReadonlyMap<string, string>> => this.answer(() => new Map(this.told));

  private now(): string {
    return this.changes === 0 ? '' : `v${this.changes}`;
  }

  private answer<T>(work: () => T): Promise<T> {
    return this.isAway ? Promise.reject(new Error('Redis is away')) : Promise.resolve(work());
  }
}

const digestOf = (owner: string): string => `digest of ${owner}`;
const ADA: RefusedOwner = { sinceMs: 1, keyId: 'key of ada' };

function watching(list: List): { readonly owners: RefusedOwners; readonly dropped: string[] } {
  const dropped: string[] = [];
  return { owners: new RefusedOwners({ store: list, digestOf, onRefused: (ids) => dropped.push(...ids) }), dropped };
}

describe('the refused owners of a process', () => {
  it('are those of the list, from the first look on, and their keys are dropped', async () => {
    const list = new List();
    await list.add(digestOf('ada'), ADA);
    const { owners, dropped } = watching(list);
    expect(owners.includes('ada')).toBe(false);
    await owners.current();
    expect([owners.includes('ada'), owners.includes('bob')]).toEqual([true, false]);
    expect(dropped).toEqual(['key of ada']);
    await list.remove(digestOf('ada'));
    await owners.look();
    expect(owners.includes('ada')).toBe(false);
    await owners.close();
  });

  it('are told of only when what was let through before has ended', async () => {
    const list = new List();
    const { owners } = watching(list);
    await owners.current();
    expect([...list.told.values()]).toEqual(['']);
    let end: () => void = () => undefined;
    const written = owners.during(() => new Promise<void>((resolve) => (end = resolve)));
    await list.add(digestOf('ada'), ADA);
    const looked = owners.look();
    await new Promise((resolve) => setTimeout(resolve, 20));
    // It goes by the list already, and says nothing of it yet.
    expect(owners.includes('ada')).toBe(true);
    expect([...list.told.values()]).toEqual(['']);
    end();
    await Promise.all([written, looked]);
    expect([...list.told.values()]).toEqual(['v1']);
    await owners.close();
  });

  it('are told of by nobody who only reads, and by nobody who has ended', async () => {
    const list = new List();
    const { owners } = watching(list);
    expect(owners.includes('ada')).toBe(false);
    expect(list.told.size).toBe(0);
    await owners.current();
    expect(list.told.size).toBe(1);
    await owners.close();
    expect(list.told.size).toBe(0);
  });

  it('are not known while Redis is away: nothing is written', async () => {
    const list = new List();
    const { owners } = watching(list);
    list.isAway = true;
    await expect(owners.current()).rejects.toThrow('Redis is away');
    list.isAway = false;
    await owners.current();
    await owners.close();
  });

  it('are also those whom the key store refuses before the list was looked at', async () => {
    const list = new List();
    const { owners } = watching(list);
    await owners.current();
    owners.note(digestOf('ada'));
    expect(owners.includes('ada')).toBe(true);
    await owners.close();
  });
});
