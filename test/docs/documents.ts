/** Where examples stand: doc comments of the operators, and blocks of the documents that say they can be run. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { filesOf, projectRoot } from '../../scripts/checks/sourceFiles.js';
import { referencedDeclarations } from '../../scripts/operatorReference/page.js';

/** Some text with the place it stands at. */
export interface Placed {
  readonly name: string;
  readonly text: string;
}

/** Every document for people, from the root of the project. */
export const documents = (): string[] => ['README.md', 'STYLE.md', ...filesOf(['docs']).filter((path) => path.endsWith('.md'))];

export const readDocument = (path: string): string => readFileSync(join(projectRoot, path), 'utf8');

/** The `@example`s of the operators. */
export function docstringExamples(): Placed[] {
  return referencedDeclarations().flatMap(({ name, doc }) =>
    doc.examples.map((text, index) => ({ name: doc.examples.length === 1 ? name : `${name} (${index + 1})`, text })),
  );
}

/** A fenced block with what stands after its fence. */
export interface Block {
  /** Of the fence, from 1. */
  readonly line: number;
  readonly info: string;
  readonly text: string;
}

/** Every fenced block of a document, in order; in a list it is indented as a whole. */
export function allBlocks(path: string, markdown = readDocument(path)): Block[] {
  const blocks: Block[] = [];
  let open: { readonly info: string; readonly line: number; readonly indent: number; readonly lines: string[] } | null = null;
  for (const [index, line] of markdown.split('\n').entries()) {
    const fence = /^( *)```(.*)$/.exec(line);
    if (fence === null) open?.lines.push(line.slice(open.indent));
    else if (open === null) open = { info: fence[2]!.trim(), line: index + 1, indent: fence[1]!.length, lines: [] };
    else {
      blocks.push({ info: open.info, line: open.line, text: open.lines.join('\n') });
      open = null;
    }
  }
  return blocks;
}

/** The blocks of a document with exactly this after their fence. */
export function blocksOf(path: string, info: string): Placed[] {
  return allBlocks(path)
    .filter((block) => block.info === info)
    .map(({ line, text }) => ({ name: `${path}:${line}`, text }));
}
