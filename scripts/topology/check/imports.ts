import { existsSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../../schemas/index.js';
import { refusalOf, STATELESS, WITHIN_MERGE_MAP } from './rxjsNames.js';
import type { TopologySource } from './source.js';

const LANGUAGE: ReadonlySet<string> = new Set(['rxjs', 'rxjs/operators', 'skillforge-streams', 'skillforge-streams/schemas']);

/** Whether a module is RxJS itself, whose names are checked one by one. */
export const isRxjs = (module: string): boolean => module === 'rxjs' || module === 'rxjs/operators';

/** Whether a module is the topology language. */
export function isLanguage(fileName: string, module: string): boolean {
  return module === 'skillforge-streams' || (module.startsWith('.') && roomOf(resolve(dirname(fileName), module)) === 'operators');
}

/** A file next to a topology. */
export interface FollowedImport {
  /** As imported, absolute; see {@link sourcePathOf}. */
  readonly path: string;
  readonly specifier: ts.StringLiteral;
}

/** Refuses imports from outside of the language; returns the files next to the topology, which must be checked too. */
export function checkImports(source: TopologySource): FollowedImport[] {
  const followed: FollowedImport[] = [];
  for (const statement of source.file.statements) {
    const specifier = ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement) ? statement.moduleSpecifier : undefined;
    if (specifier === undefined || !ts.isStringLiteral(specifier) || isTypeOnly(statement)) continue;
    if (isRxjs(specifier.text)) checkRxjsImport(source, statement);
    else followed.push(...checkModule(source, specifier));
  }
  source.forEachNode((node) => checkIndirectImport(source, node));
  return followed;
}

function isTypeOnly(statement: ts.Statement): boolean {
  if (ts.isExportDeclaration(statement)) return statement.isTypeOnly;
  const clause = ts.isImportDeclaration(statement) ? statement.importClause : undefined;
  if (clause === undefined) return false;
  const named = clause.namedBindings;
  return (
    clause.phaseModifier === ts.SyntaxKind.TypeKeyword ||
    (!clause.name && named !== undefined && ts.isNamedImports(named) && named.elements.length > 0 && named.elements.every((one) => one.isTypeOnly))
  );
}

function checkModule(source: TopologySource, specifier: ts.StringLiteral): FollowedImport[] {
  const module = specifier.text;
  if (LANGUAGE.has(module)) return [];
  if (!module.startsWith('.')) {
    source.refuse('SFS_CHECK_IMPORT', specifier, foreignText(module));
    return [];
  }
  const path = resolve(dirname(source.fileName), module);
  const room = roomOf(path);
  if (room === 'schemas' || module.endsWith('.json')) return [];
  if (room === 'operators') return checkDepth(source, specifier, path);
  if (room === null || room === 'topologies' || room === 'test') return [{ path, specifier }];
  source.refuse(
    'SFS_CHECK_IMPORT',
    specifier,
    `the room ${room}/ ("${module}") is not for topologies, which only declare: use operators/, schemas/ and files next to the topology`,
  );
  return [];
}

function checkDepth(source: TopologySource, specifier: ts.StringLiteral, path: string): FollowedImport[] {
  if (!/[/\\]index\.[jt]s$/.test(path))
    source.refuse('SFS_CHECK_IMPORT', specifier, `"${specifier.text}" is the inside of operators/, which may change: import from its index.js`);
  return [];
}

function foreignText(module: string): string {
  if (module.startsWith('skillforge-streams/'))
    return `"${module}" is not for topologies, which only declare: the runtime runs them; use skillforge-streams and skillforge-streams/schemas`;
  if (module.startsWith('rxjs/'))
    return `"${module}" brings schedulers or I/O into a topology, which a replay cannot repeat: use the operators of skillforge-streams`;
  const what = module.startsWith('node:')
    ? 'is a module of Node, whose files, clocks and randomness'
    : 'is a package that is not part of the language; what it does';
  return `"${module}" ${what} a replay cannot repeat: use rxjs, skillforge-streams and files next to the topology; asynchronous work belongs in the \`run\` of \`batch\``;
}

/** The room of this package that a path lies in; `null` outside of the package, and for files beside its rooms. */
function roomOf(path: string): string | null {
  const inside = relative(packageRoot(), path).split(sep);
  if (inside[0] === '..' || inside[0] === undefined || resolve(path) === inside.join(sep)) return null;
  const [room] = inside[0] === 'dist' ? inside.slice(1) : inside;
  return room !== undefined && ROOMS.has(room) ? room : null;
}

const ROOMS: ReadonlySet<string> = new Set([
  'schemas',
  'operators',
  'topologies',
  'runtime',
  'http',
  'gateway',
  'reader',
  'scripts',
  'test',
  'bench',
  'node_modules',
]);

function checkRxjsImport(source: TopologySource, statement: ts.Statement): void {
  const clause = ts.isImportDeclaration(statement)
    ? statement.importClause?.namedBindings
    : ts.isExportDeclaration(statement)
      ? statement.exportClause
      : undefined;
  if (clause === undefined || ts.isNamespaceExport(clause))
    return source.refuse('SFS_CHECK_RXJS', statement, 'all of rxjs at once: most of it holds state or goes by the clock; name what you use');
  if (ts.isNamespaceImport(clause)) return;
  for (const one of clause.elements) if (!one.isTypeOnly) refuseName(source, one, (one.propertyName ?? one.name).text);
}

/** Refuses a name of RxJS that is not allowed anywhere. */
export function refuseName(source: TopologySource, node: ts.Node, name: string): void {
  if (STATELESS.has(name) || WITHIN_MERGE_MAP.has(name)) return;
  const { why, use } = refusalOf(name);
  source.refuse('SFS_CHECK_RXJS', node, `rxjs \`${name}\` ${why}: use ${use}`);
}

/** `import()`, `require()` and `import x = require()`: these hide from the check what they bring. */
function checkIndirectImport(source: TopologySource, node: ts.Node): void {
  const isImport = ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword;
  const isRequire = ts.isCallExpression(node) && source.isGlobal(node.expression, REQUIRE);
  if (isImport || isRequire)
    source.refuse(
      'SFS_CHECK_IMPORT',
      node,
      `${isImport ? 'import()' : 'require()'} loads code while the topology is declared, unseen by this check: use an import at the top of the file`,
    );
  if (ts.isImportEqualsDeclaration(node) && !node.isTypeOnly)
    source.refuse('SFS_CHECK_IMPORT', node, '`import =` is CommonJS: use an import at the top of the file');
}

const REQUIRE: ReadonlySet<string> = new Set(['require']);

/** The file behind an import: TypeScript sources stand where their output is named. */
export function sourcePathOf(path: string): string | null {
  const candidates = [path.replace(/\.js$/, '.ts'), path.replace(/\.mjs$/, '.mts'), path, `${path}.ts`];
  return candidates.find((candidate) => existsSync(candidate)) ?? null;
}
