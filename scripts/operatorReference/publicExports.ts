/** What `operators/index.ts` exports, by the file that it takes it from. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../schemas/index.js';

/** Tells of a name of a file whether it is public. */
type IsPublic = (name: string) => boolean;

/** Files of `operators/`, without ending, to what is public of each. */
export function publicExports(path = join(packageRoot(), 'operators', 'index.ts')): ReadonlyMap<string, IsPublic> {
  const files = new Map<string, IsPublic>();
  const { statements } = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
  for (const { moduleSpecifier, exportClause } of statements.filter(ts.isExportDeclaration)) {
    const file = (moduleSpecifier as ts.StringLiteral).text.replace(/^\.\/(.*)\.js$/, '$1');
    const names = exportClause !== undefined && ts.isNamedExports(exportClause) ? exportClause.elements.map((element) => element.name.text) : null;
    const before = files.get(file);
    files.set(file, (name) => (before?.(name) ?? false) || names === null || names.includes(name));
  }
  return files;
}
