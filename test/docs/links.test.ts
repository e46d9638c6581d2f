/** Links of the documents lead somewhere. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { projectRoot } from '../../scripts/checks/sourceFiles.js';
import { documents, readDocument } from './documents.js';

const LINK = /\[[^\]]*\]\(([^)\s]+)\)/g;

/** Text without code, in which brackets are no links. */
const proseOf = (markdown: string): string => markdown.replaceAll(/^```[\s\S]*?^```/gm, '').replaceAll(/`[^`\n]*`/g, 'code');

/** Anchors as GitHub makes them of headings. */
function anchorsOf(markdown: string): string[] {
  const headings = markdown.replaceAll(/^```[\s\S]*?^```/gm, '').match(/^#+ .*$/gm) ?? [];
  return headings.map((heading) =>
    heading
      .replace(/^#+ /, '')
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

const linksOf = (markdown: string): string[] =>
  [...proseOf(markdown).matchAll(LINK)].map((match) => match[1]!).filter((link) => !/^https?:/.test(link));

/** What is wrong with the links of a document. */
function brokenLinks(path: string, markdown = readDocument(path)): string[] {
  return linksOf(markdown).filter((link) => {
    const [file = '', anchor] = link.split('#');
    const target = file === '' ? path : join(dirname(path), file);
    if (!existsSync(join(projectRoot, target))) return true;
    const text = file === '' ? markdown : target.endsWith('.md') ? readDocument(target) : '';
    return anchor !== undefined && !anchorsOf(text).includes(anchor);
  });
}

const { files: shipped } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as { files: readonly string[] };
const ships = (path: string): boolean => shipped.some((one) => path === one || path.startsWith(`${one}/`));

/** Links to what the installed package does not have. */
function unshippedLinks(path: string, markdown = readDocument(path)): string[] {
  return linksOf(markdown).filter((link) => !link.startsWith('#') && !ships(join(dirname(path), link.split('#')[0]!)));
}

describe('a document', () => {
  it.each(documents())('has links that lead somewhere: %s', (path) => {
    expect(brokenLinks(path)).toEqual([]);
  });

  it('with a link that leads nowhere is found', () => {
    expect(brokenLinks('README.md', '# A b\n[a](nowhere.md) [b](docs/README.md#nothing) [c](#a-b) [d](LICENSE) `[e](code.md)`')).toEqual([
      'nowhere.md',
      'docs/README.md#nothing',
    ]);
  });

  it.each(documents().filter(ships))('of the package has links to what ships with it: %s', (path) => {
    expect(unshippedLinks(path)).toEqual([]);
  });

  it('with a link to what does not ship is found', () => {
    expect(unshippedLinks('docs/README.md', '[a](../STYLE.md) [b](glossary.md) [c](../schemas/avro/click.avsc#x) [d](#here)')).toEqual([
      '../STYLE.md',
    ]);
  });

  it('stands in the index', () => {
    const index = readDocument('docs/README.md');
    const missing = documents()
      .filter((path) => path.startsWith('docs/') && path !== 'docs/README.md')
      .filter((path) => !index.includes(`](${path.slice('docs/'.length)})`));
    expect(missing).toEqual([]);
  });
});
