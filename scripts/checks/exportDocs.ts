/** Lists exports of the library that have no doc comment: `tsx scripts/checks/exportDocs.ts`. Exit code 1 when there is one. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { projectRoot, sourcesOf } from './sourceFiles.js';

/** Rooms whose exports other people program against. */
export const DOCUMENTED_ROOMS = ['schemas', 'operators', 'runtime', 'http', 'lmdb', 'gateway', 'reader'] as const;

/** An export without a doc comment. */
export interface BareExport {
  readonly path: string;
  /** From 1. */
  readonly line: number;
  readonly name: string;
}

/** The exported declarations of one file that have no doc comment. The first declaration of an overloaded function speaks for all. */
export function bareExports(path: string, text: string): BareExport[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  const documented = new Set<string>();
  const bare: BareExport[] = [];
  for (const statement of file.statements.filter(isExportedDeclaration)) {
    for (const name of namesOf(statement)) {
      if (hasDoc(statement)) documented.add(name);
      else if (!documented.has(name)) bare.push({ path, name, line: file.getLineAndCharacterOfPosition(statement.getStart()).line + 1 });
    }
  }
  return bare;
}

/** The exports without a doc comment of the whole library, below `root`. */
export function allBareExports(root = projectRoot): BareExport[] {
  return sourcesOf(DOCUMENTED_ROOMS, root).flatMap((path) => bareExports(path, readFileSync(join(root, path), 'utf8')));
}

function isExportedDeclaration(statement: ts.Statement): boolean {
  return ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);
}

function namesOf(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement)) return statement.declarationList.declarations.map((declaration) => declaration.name.getText());
  const named = statement as ts.Statement & { readonly name?: ts.Node };
  return [named.name?.getText() ?? 'default'];
}

function hasDoc(statement: ts.Statement): boolean {
  return ts.getJSDocCommentsAndTags(statement).some((doc) => /[A-Za-z]{2}/.test(doc.getText()));
}

function main(): number {
  const bare = allBareExports();
  for (const { path, line, name } of bare) console.log(`${path}:${line} ${name} has no doc comment`);
  if (bare.length > 0) console.log(`${bare.length} exports have no doc comment`);
  return bare.length > 0 ? 1 : 0;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) process.exitCode = main();
