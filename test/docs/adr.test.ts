/** Decisions have the form of ADR 0001, and what should enforce them exists. */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';
import { readDocument } from './documents.js';

const PARTS = ['Context', 'Decision', 'Consequences', 'Enforced by'];
const decisions = filesOf(['docs/adr']);

/** Paths in backticks; `{a,b}` stands for several. */
function pathsIn(text: string): string[] {
  const paths = [...text.matchAll(/`((?:test|scripts|runtime|bench|operators|schemas)\/[^`\s]+|\.[\w-]+\.cjs)`/g)].map((match) => match[1]!);
  return paths.flatMap((path) => {
    const [, before, names, after] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [];
    return names === undefined ? [path] : names.split(',').map((name) => `${before}${name}${after}`);
  });
}

const enforcedBy = (path: string): string => readDocument(path).split('## Enforced by')[1] ?? '';

describe('decisions', () => {
  it('are numbered from 1 without gaps', () => {
    expect(decisions.map((path) => Number(basename(path).slice(0, 4)))).toEqual(decisions.map((_, index) => index + 1));
  });

  it.each(decisions)('have a title with their number, a status and four parts: %s', (path) => {
    const text = readDocument(path);
    expect(text).toMatch(
      new RegExp(`^# ${basename(path).slice(0, 4)}: .+\\n\\nStatus: (proposed|accepted|superseded by \\d{4}), \\d{4}-\\d\\d-\\d\\d\\n`),
    );
    expect([...text.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(PARTS);
  });

  it.each(decisions)('are enforced by something that exists: %s', (path) => {
    const named = pathsIn(enforcedBy(path));
    expect(named.length).toBeGreaterThan(0);
    expect(named.filter((one) => !existsSync(join(projectRoot, one)))).toEqual([]);
  });

  it('tell of every dependency, with its version', () => {
    const { dependencies } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { dependencies: Record<string, string> };
    const rows = [...readDocument('docs/adr/0006-runtime-dependencies.md').matchAll(/^\| `([@\w/-]+)` ([\d.]+) \|/gm)];
    expect(Object.fromEntries(rows.map((match) => [match[1], match[2]]))).toEqual(dependencies);
  });
});
