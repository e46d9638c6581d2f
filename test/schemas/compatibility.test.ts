import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { compareSchemas, loadSchema, schemaNames, type AvroField, type AvroRecord } from '../../schemas/index.js';
import { main } from '../../scripts/check-compatibility.js';

const record = (...fields: AvroField[]): AvroRecord => ({ type: 'record', name: 'R', namespace: 'x', fields });
const a: AvroField = { name: 'a', type: 'string' };
const fruit = (...symbols: string[]): AvroField => ({ name: 'e', type: { type: 'enum', name: 'E', symbols } });

describe('compareSchemas', () => {
  it.each(schemaNames())('finds %s compatible with itself', (name) => {
    expect(compareSchemas(loadSchema(name), loadSchema(name))).toEqual({ backward: [], forward: [] });
  });

  it('accepts an added field with a default', () => {
    expect(compareSchemas(record(a), record(a, { name: 'b', type: 'int', default: 0 }))).toEqual({ backward: [], forward: [] });
  });

  it('finds that an added field without a default breaks reading old records', () => {
    const result = compareSchemas(record(a), record(a, { name: 'b', type: 'int' }));
    expect(result.backward).toMatchObject([{ path: 'b', message: expect.stringContaining('no default') as string }]);
    expect(result.forward).toEqual([]);
  });

  it('finds that a removed field without a default breaks old readers', () => {
    const result = compareSchemas(record(a, { name: 'b', type: 'int' }), record(a));
    expect(result.backward).toEqual([]);
    expect(result.forward).toMatchObject([{ path: 'b' }]);
  });

  it('tells a widened type from a changed one', () => {
    const typed = (type: string) => record({ name: 'n', type });
    expect(compareSchemas(typed('int'), typed('long')).backward).toEqual([]);
    expect(compareSchemas(typed('int'), typed('long')).forward).toMatchObject([{ path: 'n' }]);
    expect(compareSchemas(typed('string'), typed('boolean')).backward).toMatchObject([
      { path: 'n', message: 'type changed: string cannot be read as boolean' },
    ]);
  });

  it('finds a symbol that old readers do not know, unless they have a default', () => {
    expect(compareSchemas(record(fruit('A')), record(fruit('A', 'B'))).backward).toEqual([]);
    expect(compareSchemas(record(fruit('A')), record(fruit('A', 'B'))).forward).toMatchObject([{ path: 'e' }]);
    const tolerant = record({ name: 'e', type: { type: 'enum', name: 'E', symbols: ['A'], default: 'A' } });
    expect(compareSchemas(tolerant, record(fruit('A', 'B'))).forward).toEqual([]);
  });

  it('takes a field that becomes nullable, and the way back not', () => {
    const nullable = record({ name: 'a', type: ['null', 'string'] });
    expect(compareSchemas(record(a), nullable).backward).toEqual([]);
    expect(compareSchemas(record(a), nullable).forward).toMatchObject([{ path: 'a' }]);
  });

  it('follows a renamed field by its alias', () => {
    expect(compareSchemas(record(a), record({ name: 'b', type: 'string', aliases: ['a'] })).backward).toEqual([]);
  });

  it('names fields within arrays, maps and envelopes', () => {
    const inner = (type: string) => ({ type: 'record', name: 'I', fields: [{ name: 'n', type }] }) as const;
    const nested = (type: string) => record({ name: 'list', type: { type: 'array', items: { type: 'map', values: inner(type) } } });
    expect(compareSchemas(nested('string'), nested('int')).backward).toMatchObject([{ path: 'list[]{}.n' }]);
    const envelope = (type: string) => record({ name: 'personal', type: [inner(type), 'eu.skillforge.Sealed'] });
    expect(compareSchemas(envelope('string'), envelope('int')).backward).toMatchObject([{ path: 'personal.n' }]);
  });

  it('finds a renamed record', () => {
    expect(compareSchemas(record(a), { ...record(a), name: 'S' }).backward).toMatchObject([{ path: '' }]);
    expect(compareSchemas(record(a), { ...record(a), name: 'S', aliases: ['R'] }).backward).toEqual([]);
  });
});

describe('check-compatibility', () => {
  function project(schema: AvroRecord): string {
    const root = mkdtempSync(join(tmpdir(), 'sfs-compat-'));
    mkdirSync(join(root, 'schemas', 'avro'), { recursive: true });
    change(root, schema);
    return root;
  }
  const change = (root: string, schema: AvroRecord): void => {
    writeFileSync(join(root, 'schemas', 'avro', 'r.avsc'), JSON.stringify(schema));
  };
  const accepted = (root: string): string[] => readdirSync(join(root, 'schemas', 'accepted')).sort();
  const run = (...args: string[]): { code: number; out: string } => {
    let out = '';
    const print = (text: string): void => {
      out += text;
    };
    return { code: main(args, print, print), out };
  };

  it('accepts a compatible change as a new version and keeps the old one', () => {
    const root = project(record(a));
    expect(run('--root', root, '--accept').code).toBe(0);
    change(root, record(a, { name: 'b', type: 'int', default: 0 }));
    expect(run('--root', root).out).toContain('r: changed');
    expect(run('--root', root, '--accept').code).toBe(0);
    expect(accepted(root)).toEqual(['r.1.avsc', 'r.2.avsc']);
  });

  it('replaces the last version when only words changed', () => {
    const root = project(record(a));
    run('--root', root, '--accept');
    change(root, record({ ...a, doc: 'better words' }));
    run('--root', root, '--accept');
    expect(accepted(root)).toEqual(['r.1.avsc']);
    expect(run('--root', root).out).toContain('r: same');
  });

  it('refuses an incompatible change unless told to break', () => {
    const root = project(record(a));
    run('--root', root, '--accept');
    change(root, record({ name: 'a', type: 'int' }));
    const refused = run('--root', root, '--accept', '--json');
    expect(refused.code).toBe(1);
    expect(JSON.parse(refused.out)).toMatchObject({ compatible: false, schemas: [{ name: 'r', backward: [{ path: 'a', version: 1 }] }] });
    expect(accepted(root)).toEqual(['r.1.avsc']);
    expect(run('--root', root, '--accept', '--break').code).toBe(0);
    expect(accepted(root)).toEqual(['r.1.avsc', 'r.2.avsc']);
  });

  it('exits 2 on wrong use and 0 with help', () => {
    expect(run('--frobnicate')).toMatchObject({ code: 2, out: expect.stringContaining('unknown option') as string });
    expect(run('--break').code).toBe(2);
    expect(run('--root', '/no/such/folder').code).toBe(2);
    expect(run('--help')).toMatchObject({ code: 0, out: expect.stringContaining('Usage') as string });
  });
});
