import ts from 'typescript';
import { operatorName } from './declaration.js';
import { enclosingFunction, isFunction, isWithin, unwrapped, type FunctionNode, type TopologySource } from './source.js';

/** What only the `run` of a `batch` reaches: there, and nowhere else, work may be asynchronous. */
export interface BatchWorkScope {
  readonly functions: ReadonlySet<ts.Node>;
  /** Names that it takes from each module. */
  readonly imports: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Finds the `run` functions and what they call, in this file. `roots` are names that the work of another file takes from this one. */
export function batchWorkOf(source: TopologySource, roots: ReadonlySet<string>): BatchWorkScope {
  const functions = new Set<ts.Node>();
  const imports = new Map<string, Set<string>>();
  const add = (expression: ts.Expression | FunctionNode): void => {
    const imported = isFunction(expression) ? undefined : source.importOf(expression);
    if (imported) imports.set(imported.module, (imports.get(imported.module) ?? new Set()).add(imported.name));
    const found = isFunction(expression) ? expression : source.functionOf(expression);
    if (found === undefined || functions.has(found)) return;
    functions.add(found);
    source.forEachNode((node) => {
      if (ts.isIdentifier(node) && node.parent !== found) add(node);
    }, found);
  };
  runProperties(source).forEach(add);
  exportedFunctions(source, roots).forEach(add);
  return { functions, imports };
}

/** The values of `run` in the options of every `batch(id, options)`. */
function runProperties(source: TopologySource): (ts.Expression | FunctionNode)[] {
  const found: (ts.Expression | FunctionNode)[] = [];
  source.forEachNode((node) => {
    const options = ts.isCallExpression(node) && operatorName(source, node) === 'batch' ? node.arguments[1] : undefined;
    if (options === undefined || !ts.isObjectLiteralExpression(unwrapped(options))) return;
    for (const property of (unwrapped(options) as ts.ObjectLiteralExpression).properties) {
      if (property.name === undefined || !ts.isIdentifier(property.name) || property.name.text !== 'run') continue;
      if (ts.isPropertyAssignment(property)) found.push(property.initializer);
      if (ts.isMethodDeclaration(property)) found.push(property);
      if (ts.isShorthandPropertyAssignment(property)) found.push(property.name);
    }
  });
  return found;
}

function exportedFunctions(source: TopologySource, names: ReadonlySet<string>): FunctionNode[] {
  return source.file.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return names.has(statement.name?.text ?? 'default') ? [statement] : [];
    const variables = ts.isVariableStatement(statement) ? statement.declarationList.declarations : [];
    const chosen = variables.filter((one) => ts.isIdentifier(one.name) && names.has(one.name.text));
    return chosen.map((one) => source.functionOf(one.initializer)).filter((one) => one !== undefined);
  });
}

const TIMING: ReadonlySet<string> = new Set([
  'Promise',
  'setTimeout',
  'setInterval',
  'setImmediate',
  'queueMicrotask',
  'requestAnimationFrame',
  'fetch',
  'XMLHttpRequest',
  'WebSocket',
  'EventSource',
  'Worker',
  'MessageChannel',
  'BroadcastChannel',
  'AbortSignal',
  'Atomics',
]);
const PROMISE_METHODS: ReadonlySet<string> = new Set(['then', 'catch', 'finally']);

const USE = 'a record passes through its task at once: use `batch`, whose `run` may be asynchronous';

/** Refuses asynchronous work outside of the `run` of a `batch`, and calls of it from outside. */
export function checkAsynchrony(source: TopologySource, work: BatchWorkScope): void {
  source.forEachNode((node) => {
    if ([...work.functions].some((one) => isWithin(node, one))) return;
    const what = asynchronous(source, node, work);
    if (what !== undefined) source.refuse('SFS_CHECK_ASYNC', node, `${what} is asynchronous, but ${USE}`);
  });
}

function asynchronous(source: TopologySource, node: ts.Node, work: BatchWorkScope): string | undefined {
  if (node.kind === ts.SyntaxKind.AsyncKeyword) return 'this function';
  if (ts.isAwaitExpression(node) && !isAsync(enclosingFunction(node))) return '`await`';
  if (node.kind === ts.SyntaxKind.AwaitKeyword && ts.isForOfStatement(node.parent) && !isAsync(enclosingFunction(node))) return '`for await`';
  if (source.isGlobal(node, TIMING)) return `\`${node.text}\``;
  if (!ts.isCallExpression(node)) return undefined;
  const callee = unwrapped(node.expression);
  if (ts.isPropertyAccessExpression(callee) && PROMISE_METHODS.has(callee.name.text)) return `\`.${callee.name.text}()\``;
  const called = [callee, ...node.arguments].find((one) => isAsyncWork(source, one, work));
  return called ? `\`${called.getText(source.file)}\`` : undefined;
}

/** A name of an asynchronous function that is allowed because a batch runs it. */
function isAsyncWork(source: TopologySource, expression: ts.Expression, work: BatchWorkScope): boolean {
  const found = ts.isIdentifier(expression) ? source.functionOf(expression) : undefined;
  return found !== undefined && work.functions.has(found) && isAsync(found);
}

const isAsync = (node: FunctionNode | undefined): boolean =>
  node !== undefined && ts.canHaveModifiers(node) && (ts.getModifiers(node)?.some((one) => one.kind === ts.SyntaxKind.AsyncKeyword) ?? false);
