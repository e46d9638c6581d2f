/** Compares the error codes of the product with docs/reference/errors.md: `tsx scripts/checks/errors.ts`. Exit code 1 when they differ. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { PRODUCT_ROOMS, projectRoot, sourcesOf } from './sourceFiles.js';

/** Where every code is explained. */
export const ERROR_REFERENCE = 'docs/reference/errors.md';

const CODE = /\bSFS_[A-Z0-9_]*[A-Z0-9]\b/g;

/** Codes by where they stand in one source file. */
export interface CodesOfSource {
  /** In code: thrown, mapped or compared. */
  readonly used: readonly string[];
  /** In comments, such as `@throws`. */
  readonly mentioned: readonly string[];
}

/** The codes in a TypeScript source. */
export function codesOfSource(text: string): CodesOfSource {
  if (!text.includes('SFS_')) return { used: [], mentioned: [] };
  const used = codesIn(tokensOf(text).join('\n'));
  return { used, mentioned: codesIn(text).filter((code) => !used.includes(code)) };
}

/** One row of the table in the reference. */
export interface DocumentedCode {
  readonly code: string;
  readonly meaning: string;
  readonly remedy: string;
}

/** The rows `| code | meaning | what to do |` of the reference. */
export function documentedCodes(markdown: string): DocumentedCode[] {
  const rows = markdown.split('\n').map((line) => line.split(/(?<!\\)\|/).map((cell) => cell.trim()));
  return rows
    .map(([, code = '', meaning = '', remedy = '']) => ({ code: code.replaceAll('`', ''), meaning, remedy }))
    .filter(({ code }) => /^SFS_/.test(code));
}

/** What is wrong between sources (text by path) and reference; empty when nothing is. */
export function errorCodeProblems(sources: ReadonlyMap<string, string>, markdown: string): string[] {
  const rows = documentedCodes(markdown);
  const documented = new Set(rows.map((row) => row.code));
  const codes = [...sources].map(([path, text]) => ({ path, ...codesOfSource(text) }));
  const used = new Set(codes.flatMap((one) => one.used));
  return [
    ...codes.flatMap(({ path, used: here }) =>
      here.filter((code) => !documented.has(code)).map((code) => `${path}: ${code} is not in ${ERROR_REFERENCE}`),
    ),
    ...codes.flatMap(({ path, mentioned }) =>
      mentioned.filter((code) => !used.has(code)).map((code) => `${path}: a comment speaks of ${code}, which nothing throws`),
    ),
    ...[...documented].filter((code) => !used.has(code)).map((code) => `${ERROR_REFERENCE}: ${code} is used nowhere`),
    ...rows.filter((row) => row.meaning === '' || row.remedy === '').map((row) => `${ERROR_REFERENCE}: ${row.code} lacks its meaning or what to do`),
    ...rows
      .filter((row, at) => rows.findIndex((other) => other.code === row.code) !== at)
      .map((row) => `${ERROR_REFERENCE}: ${row.code} stands twice`),
  ];
}

/** The problems of the project as it is. */
export function projectErrorCodeProblems(root = projectRoot): string[] {
  const paths = sourcesOf(PRODUCT_ROOMS, root);
  const sources = new Map(paths.map((path) => [path, readFileSync(join(root, path), 'utf8')]));
  return errorCodeProblems(sources, readFileSync(join(root, ERROR_REFERENCE), 'utf8'));
}

function codesIn(text: string): string[] {
  return [...new Set(text.match(CODE))].sort();
}

/** The text of every token, comments left out. */
function tokensOf(text: string): string[] {
  const tokens: string[] = [];
  const visit = (node: ts.Node): void => {
    if (node.getChildCount() === 0) tokens.push(node.getText());
    else if (!ts.isJSDoc(node)) node.getChildren().forEach(visit);
  };
  visit(ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true));
  return tokens;
}

function main(): number {
  const problems = projectErrorCodeProblems();
  for (const problem of problems) console.log(problem);
  return problems.length > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
