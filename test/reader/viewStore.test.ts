import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { LmdbViewStore } from '../../reader/lmdbViewStore.js';
import { MemoryViewStore } from '../../reader/memoryViewStore.js';
import { emptyHead, rowKey, rowPrefix, type RowChange, type ViewStore } from '../../reader/viewStore.js';
import { REGION } from './shelves.js';
import { newFolder } from '../fixtures/folders.js';

const head = (served: string) => ({ ...emptyHead(REGION, 'log', 1), served });
const rows = (...pairs: readonly (readonly [key: string, value: string | null])[]): RowChange[] =>
  pairs.map(([key, value]) => [rowKey('t', key), value === null ? null : Buffer.from(value)]);
const contents = (store: ViewStore, prefix = ''): unknown =>
  [...store.scan(prefix)].map(({ key, value }) => [key.replace('\0', ':'), value.toString()]);

const open: ViewStore[] = [];
const opened = <S extends ViewStore>(store: S): S => {
  open.push(store);
  return store;
};
afterEach(async () => {
  for (const store of open.splice(0)) await store.close();
});

describe.each([
  ['in memory', () => new MemoryViewStore()],
  ['in a file', () => LmdbViewStore.open(newFolder())],
])('a view %s', (_, make) => {
  it('has no head and version 0 before the first write', () => {
    expect(opened<ViewStore>(make()).head()).toEqual({ version: 0, head: null });
  });

  it('changes rows and head in one step', async () => {
    const store = opened<ViewStore>(make());
    expect(await store.write(0, { head: head('a'), rows: rows(['x', '1'], ['y', '2'], ['x', '3']) })).toBe(true);
    expect(store.head()).toEqual({ version: 1, head: head('a') });
    expect(store.get(rowKey('t', 'x'))).toEqual(Buffer.from('3'));
    expect(await store.write(1, { head: head('b'), rows: rows(['x', null]) })).toBe(true);
    expect(store.get(rowKey('t', 'x'))).toBe(null);
    expect(contents(store)).toEqual([['t:y', '2']]);
  });

  it('changes nothing for a writer that saw an older head', async () => {
    const store = opened<ViewStore>(make());
    await store.write(0, { head: head('a'), rows: rows(['x', '1']) });
    expect(await store.write(0, { head: head('b'), rows: rows(['x', '2'], ['y', '2']), clear: true })).toBe(false);
    expect(await store.write(2, { head: head('b'), rows: rows(['x', '2'], ['y', '2']), clear: true })).toBe(false);
    expect(store.head()).toEqual({ version: 1, head: head('a') });
    expect(contents(store)).toEqual([['t:x', '1']]);
  });

  it('clears before it writes', async () => {
    const store = opened<ViewStore>(make());
    await store.write(0, { head: head('a'), rows: rows(['x', '1'], ['y', '1']) });
    expect(await store.write(1, { head: head('b'), rows: rows(['y', '2']), clear: true })).toBe(true);
    expect(contents(store)).toEqual([['t:y', '2']]);
    expect(store.head().version).toBe(2);
  });

  it('scans what begins with a prefix, by the bytes of the keys', async () => {
    const store = opened<ViewStore>(make());
    const keys = ['b', 'a', '\u{1f600}', '\uffee', 'ab'];
    const changes = keys.map((key) => [rowKey('t', key), Buffer.from('')] as const);
    await store.write(0, { head: head('a'), rows: [...changes, [rowKey('t2', 'a'), Buffer.from('')], [rowKey('s', 'a'), Buffer.from('')]] });
    const scanned = (prefix: string): string[] => [...store.scan(prefix)].map(({ key }) => key.split('\0')[1]!);
    expect(scanned(rowPrefix('t'))).toEqual(['a', 'ab', 'b', '\uffee', '\u{1f600}']);
    expect(scanned(`${rowPrefix('t')}a`)).toEqual(['a', 'ab']);
    expect(scanned(rowPrefix('u'))).toEqual([]);
  });
});

describe('a view in a file', () => {
  it('is there after a restart, with its version', async () => {
    const folder = newFolder();
    const first = LmdbViewStore.open(folder);
    await first.write(0, { head: head('a'), rows: rows(['x', '1']) });
    await first.close();
    const second = opened(LmdbViewStore.open(folder));
    expect(second.head()).toEqual({ version: 1, head: head('a') });
    expect(contents(second)).toEqual([['t:x', '1']]);
  });

  it('is read as it is asked for: the system reads nothing ahead', (context) => {
    context.skip(process.platform !== 'linux', 'what is said of a mapping is told by Linux alone');
    const folder = newFolder();
    opened(LmdbViewStore.open(folder));
    const mappings = readFileSync('/proc/self/smaps', 'utf8').split(/^(?=[0-9a-f]+-[0-9a-f]+ )/m);
    const mapping = mappings.find((one) => one.includes(`${folder}/view.mdb\n`))!;
    // `rr`: reads at random, see proc(5).
    expect(/^VmFlags: (.*)$/m.exec(mapping)![1]!.split(' ')).toContain('rr');
  });

  it('tells of a folder that cannot be one', () => {
    expect(() => LmdbViewStore.open('/dev/null/view')).toThrow(expect.objectContaining({ code: 'SFS_VIEW_UNUSABLE' }));
  });
});
