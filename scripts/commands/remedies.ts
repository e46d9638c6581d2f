/** What to do about an error code, as the reference in this package says it. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';

/** Where every code is explained, seen from the package. */
export const ERROR_REFERENCE = join('docs', 'reference', 'errors.md');

/** The sentence of the row `| code | meaning | what to do |`, without the marks of Markdown; `null` when the page has no such row or is missing. */
export function remedyOf(code: string): string | null {
  const row = referenceLines().find((line) => line.startsWith(`| \`${code}\` |`));
  const [, , , remedy] = row?.split(/(?<!\\)\|/) ?? [];
  return remedy === undefined ? null : remedy.trim().replaceAll('\\|', '|').replaceAll('`', '');
}

/** An error is on its way already: what goes wrong here must not hide it. */
function referenceLines(): string[] {
  try {
    return readFileSync(join(packageRoot(), ERROR_REFERENCE), 'utf8').split('\n');
  } catch {
    return [];
  }
}
