import { describe, expect, it } from 'vitest';
import { bareExports } from '../../scripts/checks/exportDocs.js';

const namesIn = (text: string): string[] => bareExports('a.ts', text).map((bare) => bare.name);

describe('bareExports', () => {
  it('names every kind of exported declaration that has no doc comment', () => {
    const text = 'export const a = 1, b = 2;\nexport function c() {}\nexport class D {}\nexport interface E {}\nexport type F = 1;\nexport enum G {}';
    expect(namesIn(text)).toEqual(['a', 'b', 'c', 'D', 'E', 'F', 'G']);
  });

  it('gives the line of the declaration', () => {
    expect(bareExports('a.ts', '\n\nexport const a = 1;')).toEqual([{ path: 'a.ts', name: 'a', line: 3 }]);
  });

  it('accepts doc comments and asks nothing of what is not exported', () => {
    expect(namesIn('/** Says what. */\nexport const a = 1;\nconst b = 2;\nexport { b };\nexport * from "./c.js";')).toEqual([]);
  });

  it('takes neither a plain comment nor an empty one for a doc comment', () => {
    expect(namesIn('// Says what.\nexport const a = 1;\n/** */\nexport const b = 1;')).toEqual(['a', 'b']);
  });

  it('lets the first overload speak for all', () => {
    expect(namesIn('/** Says what. */\nexport function a(): void;\nexport function a(b?: 1): void {}')).toEqual([]);
  });
});
