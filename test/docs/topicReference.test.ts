import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { fieldRows } from '../../scripts/topicReference/fields.js';
import { topicReference, topicReferencePath } from '../../scripts/topicReference/page.js';
import { SEALED_NAME, schemaNames, topics, type AvroRecord } from '../../schemas/index.js';

describe('the topic reference', () => {
  const text = topicReference();

  it('is as the catalogue and the schemas say: else run tsx scripts/topicReference/page.ts', () => {
    expect(readFileSync(topicReferencePath(), 'utf8') === text).toBe(true);
  });

  it('has every topic, with all that its readers and writers must agree on', () => {
    const headings = [...text.matchAll(/^## (.+)$/gm)].map((match) => match[1]);
    expect(headings).toEqual([...Object.values(topics).map(({ name }) => name), 'Sealed']);
    expect(text).toContain('\n| [`clicks`](#clicks) | `learner` | 12 | delete | 400 d | no | ');
    expect(text).toContain('\n| [`item-trends`](#item-trends) | `cohort`, `item` | 12 | compact | last of each key | yes | `item-trends` |');
    expect(text).toContain('\n| [`control`](#control) | `id` | 1 | delete | for ever | no | the engine |');
  });

  it('explains every schema', () => {
    const shown = [...text.matchAll(/\]\(\.\.\/\.\.\/schemas\/avro\/([\w-]+)\.avsc\)/g)].map((match) => match[1]);
    // Two topics may have the same one.
    expect([...new Set([...shown, 'sealed'])].sort()).toEqual(schemaNames());
  });

  it('leaves no field without type, class and meaning', () => {
    const rows = [...text.matchAll(/^\| `[\w.[\]{}]+` \|(.*)\|(.*)\|(.*)\|(.*)\|$/gm)];
    expect(rows.length).toBeGreaterThan(150);
    const bare = rows.filter(([, type, , personal, meaning]) => [type, personal, meaning].some((cell) => cell!.trim() === ''));
    expect(bare.map(([row]) => row)).toEqual([]);
  });
});

describe('the fields of a schema', () => {
  const of = (...fields: AvroRecord['fields']): AvroRecord => ({ type: 'record', name: 'Sample', fields });
  const inner: AvroRecord = { type: 'record', name: 'Inner', fields: [{ name: 'n', type: 'long', unit: 'ms', personal: 'none', doc: 'How long.' }] };
  const brief = (schema: AvroRecord): [path: string, type: string][] => fieldRows(schema).map(({ path, type }) => [path, type]);

  it('have their place, type, unit, class and meaning', () => {
    expect(fieldRows(inner)).toEqual([{ path: 'n', type: '`long`', unit: 'ms', personal: 'none', doc: 'How long.' }]);
    expect(fieldRows(of({ name: 'a', type: 'string', unit: 'none' }))).toMatchObject([{ unit: '', personal: '' }]);
  });

  it('say null last, their default, their key type and the symbols of an enum', () => {
    const kind = { type: 'enum', name: 'Kind', symbols: ['A', 'B'] } as const;
    const fields = of(
      { name: 'a', type: ['null', 'string'], default: null, keyType: 'ItemId' },
      { name: 'b', type: { type: 'map', values: 'int' }, default: {} },
      { name: 'c', type: kind },
    );
    expect(brief(fields)).toEqual([
      ['a', '`string` or `null` (`ItemId`)'],
      ['b', 'map of `int`, default `{}`'],
      ['c', 'one of `A`, `B`'],
    ]);
  });

  it('of nested records stand behind the field that holds them, of a record that comes again only once', () => {
    const fields = of(
      { name: 'personal', type: [inner, SEALED_NAME] },
      { name: 'list', type: { type: 'array', items: { ...inner, name: 'Item' } } },
      { name: 'again', type: 'test.Item' },
    );
    expect(brief(fields)).toEqual([
      ['personal', '`Inner` or [`Sealed`](#sealed)'],
      ['personal.n', '`long`'],
      ['list', 'list of `Item`'],
      ['list[].n', '`long`'],
      ['again', '`Item`'],
    ]);
  });
});
