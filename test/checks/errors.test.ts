import { describe, expect, it } from 'vitest';
import { codesOfSource, errorCodeProblems, projectErrorCodeProblems } from '../../scripts/checks/errors.js';

const table = (...rows: string[]): string => ['| code | meaning | what to do |', '|---|---|---|', ...rows].join('\n');
const sources = new Map([['operators/a.ts', "/** @throws SFS_ONE */\nexport const fail = () => { throw new SkillForgeError('SFS_ONE', 'no'); };"]]);

describe('the error reference', () => {
  it('explains every code of the product and no other', () => {
    expect(projectErrorCodeProblems()).toEqual([]);
  });

  it('accepts a code that is used and explained', () => {
    expect(errorCodeProblems(sources, table('| `SFS_ONE` | It failed. | Try again. |'))).toEqual([]);
  });

  it('reports a code that it lacks', () => {
    expect(errorCodeProblems(sources, table())).toEqual(['operators/a.ts: SFS_ONE is not in docs/reference/errors.md']);
  });

  it('reports a code that nothing uses', () => {
    const rows = table('| `SFS_ONE` | It failed. | Try again. |', '| `SFS_OLD` | It failed. | Try again. |');
    expect(errorCodeProblems(sources, rows)).toEqual(['docs/reference/errors.md: SFS_OLD is used nowhere']);
  });

  it('reports a row without advice and a row that stands twice', () => {
    const problems = errorCodeProblems(sources, table('| `SFS_ONE` | It failed. | Try again. |', '| `SFS_ONE` | It failed. | |'));
    expect(problems).toEqual(['docs/reference/errors.md: SFS_ONE lacks its meaning or what to do', 'docs/reference/errors.md: SFS_ONE stands twice']);
  });

  it('reports a comment that speaks of a code which nothing throws', () => {
    const problems = errorCodeProblems(new Map([['operators/b.ts', '/** @throws SFS_TYPO */\nexport const b = 1;']]), table());
    expect(problems).toEqual(['operators/b.ts: a comment speaks of SFS_TYPO, which nothing throws']);
  });
});

describe('codesOfSource', () => {
  it('finds codes in strings, templates and property names, and sets those in comments apart', () => {
    const text = "// SFS_LINE\nconst byCode = { SFS_KEY: 1 };\nconst a = ['SFS_STRING', `SFS_PLAIN`, `SFS_HEAD ${1} SFS_TAIL`]; /* SFS_BLOCK */";
    expect(codesOfSource(text)).toEqual({
      used: ['SFS_HEAD', 'SFS_KEY', 'SFS_PLAIN', 'SFS_STRING', 'SFS_TAIL'],
      mentioned: ['SFS_BLOCK', 'SFS_LINE'],
    });
  });

  it('takes the prefix alone for no code', () => {
    expect(codesOfSource("const own = code.startsWith('SFS_');")).toEqual({ used: [], mentioned: [] });
  });
});
