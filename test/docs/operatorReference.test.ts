import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { declarationsOf } from '../../scripts/operatorReference/declarations.js';
import { parseDocComment } from '../../scripts/operatorReference/docComment.js';
import { operatorReference, operatorReferencePath, referencedDeclarations } from '../../scripts/operatorReference/page.js';
import { publicExports } from '../../scripts/operatorReference/publicExports.js';
import { SECTIONS } from '../../scripts/operatorReference/sections.js';
import * as operators from '../../operators/index.js';

describe('the operator reference', () => {
  it('is as the doc comments say: else run tsx scripts/operatorReference/page.ts', () => {
    expect(readFileSync(operatorReferencePath(), 'utf8') === operatorReference()).toBe(true);
  });

  it('has every value that the language exports', () => {
    const names = referencedDeclarations().flatMap(({ name, kind }) => (kind === 'type' ? [] : [name]));
    expect(names.sort()).toEqual(Object.keys(operators).sort());
  });

  it('takes each file once', () => {
    expect(SECTIONS.flatMap(({ files }) => files).sort()).toEqual([...publicExports().keys()].sort());
  });

  it('explains every option', () => {
    const bare = operatorReference().match(/^\| `\w+\??` \| `.*` \| +\|$/gm) ?? [];
    expect(bare).toEqual([]);
  });
});

describe('a doc comment', () => {
  it('falls into text, cost, throws, see and examples', () => {
    const text =
      '/**\n * Counts\n * records.\n *\n * Cost: one row.\n *\n * @example\n * a.pipe()\n * // <- ada@1\n * @throws SFS_ONE, SFS_TWO\n * @see {@link b}\n */';
    expect(parseDocComment(text)).toEqual({
      text: 'Counts\nrecords.',
      cost: 'one row.',
      throws: ['SFS_ONE, SFS_TWO'],
      see: ['{@link b}'],
      examples: ['a.pipe()\n// <- ada@1'],
    });
  });

  it('of one line keeps its text and what it throws apart', () => {
    expect(parseDocComment('/** Counts. @throws SFS_ONE */')).toMatchObject({ text: 'Counts.', throws: ['SFS_ONE'] });
  });

  it('that is not there is empty', () => {
    expect(parseDocComment('// plain\n')).toEqual({ text: '', cost: '', throws: [], see: [], examples: [] });
  });
});

describe('declarations', () => {
  it('have their signature without the body, and the fields of option literals', () => {
    const [found] = declarationsOf(
      'a.ts',
      '/** A. */\nexport function a<V>(id: string, options: B<V> & { /** How long. */ readonly sizeMs: number }): C {\n  return 1;\n}',
    );
    expect(found).toMatchObject({
      kind: 'function',
      signature: 'function a<V>(id: string, options: B<V> & { readonly sizeMs: number }): C;',
      parameterTypes: ['B'],
      fields: [{ name: 'sizeMs', type: 'number', optional: false, text: 'How long.' }],
    });
  });

  it('of arrow functions read as functions', () => {
    const [found] = declarationsOf('a.ts', 'export const a = <V>(of: (value: V) => number): R => 1;');
    expect(found).toMatchObject({ kind: 'function', name: 'a', signature: 'function a<V>(of: (value: V) => number): R;' });
  });

  it('of interfaces have bases and fields, and what is not exported is left out', () => {
    const found = declarationsOf('a.ts', 'interface Inner {}\nexport interface A extends B { readonly graceMs?: number; }');
    expect(found).toMatchObject([{ kind: 'type', name: 'A', bases: ['B'], fields: [{ name: 'graceMs', optional: true }] }]);
  });
});
