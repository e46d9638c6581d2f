import ts from 'typescript';
import { isRxjs, refuseName } from './imports.js';
import { WITHIN_MERGE_MAP } from './rxjsNames.js';
import { enclosingFunction, unwrapped, type TopologySource } from './source.js';

/** Checks how names of RxJS are used: through a namespace, as creation functions, with an index, and subscriptions. */
export function checkRxjsUse(source: TopologySource, buildFunction: ts.Node | undefined): void {
  source.forEachNode((node) => {
    if (ts.isIdentifier(node) && !ts.isImportSpecifier(node.parent) && !ts.isImportClause(node.parent) && !ts.isNamespaceImport(node.parent))
      checkName(source, node, buildFunction);
    if (ts.isCallExpression(node)) {
      checkCallback(source, node);
      checkSubscription(source, node);
    }
  });
}

function checkName(source: TopologySource, node: ts.Identifier, buildFunction: ts.Node | undefined): void {
  const imported = isValue(node) ? source.importOf(node) : undefined;
  if (imported === undefined || !isRxjs(imported.module)) return;
  if (imported.name === '*') checkNamespace(source, node, buildFunction);
  else checkCreation(source, node, imported.name, buildFunction);
}

const isValue = (node: ts.Identifier): boolean =>
  !(ts.isPropertyAccessExpression(node.parent) && node.parent.name === node) &&
  !ts.isTypeReferenceNode(node.parent) &&
  !ts.isQualifiedName(node.parent);

function checkNamespace(source: TopologySource, node: ts.Identifier, buildFunction: ts.Node | undefined): void {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) {
    refuseName(source, parent, parent.name.text);
    return checkCreation(source, parent, parent.name.text, buildFunction);
  }
  if (ts.isElementAccessExpression(parent) && ts.isStringLiteralLike(parent.argumentExpression))
    return refuseName(source, parent, parent.argumentExpression.text);
  source.refuse('SFS_CHECK_RXJS', node, 'the whole of rxjs is handed on, so this check cannot see what is used of it: import by name what you use');
}

/** `of` and `from` make several values of one record; anywhere else they make a stream that the topology does not see. */
function checkCreation(source: TopologySource, node: ts.Node, name: string, buildFunction: ts.Node | undefined): void {
  if (!WITHIN_MERGE_MAP.has(name)) return;
  const around = enclosingFunction(node);
  if (around !== undefined && around !== buildFunction) return;
  source.refuse(
    'SFS_CHECK_RXJS',
    node,
    `rxjs \`${name}\` outside of a \`mergeMap\` callback makes a stream that the topology does not see: use \`source\`, or the operator \`merge\` of skillforge-streams`,
  );
}

const TAKES_INDEX: ReadonlySet<string> = new Set(['map', 'filter', 'mergeMap', 'concatMap']);

/** The second parameter of a callback counts records since the task started. */
function checkCallback(source: TopologySource, call: ts.CallExpression): void {
  const imported = source.importOf(call.expression);
  if (imported === undefined || !isRxjs(imported.module) || !TAKES_INDEX.has(imported.name)) return;
  const index = source.functionOf(call.arguments[0])?.parameters[1];
  if (index)
    source.refuse(
      'SFS_CHECK_STATE',
      index,
      `the index that \`${imported.name}\` passes counts records since the task started, so a restart or replay gives other numbers: use a \`count\` aggregate`,
    );
}

const SUBSCRIBING: ReadonlySet<string> = new Set(['subscribe', 'toPromise', 'lift']);

function checkSubscription(source: TopologySource, call: ts.CallExpression): void {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee) || !SUBSCRIBING.has(callee.name.text)) return;
  source.refuse(
    'SFS_CHECK_RXJS',
    callee.name,
    `\`${callee.name.text}\` takes records out of the topology, and its effects are neither undone nor repeated: end the stream in \`to(topic)\``,
  );
}
