import ts from 'typescript';
import { operatorName } from './declaration.js';
import { isRxjs } from './imports.js';
import { enclosingFunction, unwrapped, type FunctionNode, type TopologySource } from './source.js';

const MUTATING: ReadonlySet<string> = new Set([
  'push',
  'pop',
  'shift',
  'unshift',
  'splice',
  'sort',
  'reverse',
  'fill',
  'copyWithin',
  'set',
  'add',
  'delete',
  'clear',
  'next',
]);
const MUTATING_STATIC = /^(Object\.(assign|defineProperty|defineProperties|setPrototypeOf)|Reflect\.(set|defineProperty|deleteProperty))$/;

/** Refuses state that lives in closures: it is lost on a restart, shared by tasks, and not undone when a record fails. */
export function checkHiddenState(source: TopologySource, buildFunction: FunctionNode | undefined): void {
  source.forEachNode((node) => {
    const changed = changedBy(source, node);
    if (changed !== undefined) for (const target of changed.targets) checkTarget(source, node, target, changed.how, buildFunction);
    checkRegularExpression(source, node);
  });
}

interface Change {
  /** What is changed: names, or members of them. */
  readonly targets: readonly ts.Expression[];
  readonly how: 'assigned' | 'changed';
}

/** The variables and objects that a node changes. */
function changedBy(source: TopologySource, node: ts.Node): Change | undefined {
  if (ts.isBinaryExpression(node) && isAssignment(node.operatorToken.kind)) return { targets: targetsOf(node.left), how: 'assigned' };
  if ((ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) && isStep(node.operator))
    return { targets: [node.operand], how: 'assigned' };
  if (ts.isDeleteExpression(node)) return { targets: [node.expression], how: 'changed' };
  if ((ts.isForOfStatement(node) || ts.isForInStatement(node)) && !ts.isVariableDeclarationList(node.initializer))
    return { targets: targetsOf(node.initializer), how: 'assigned' };
  return ts.isCallExpression(node) ? changedByCall(source, node) : undefined;
}

function changedByCall(source: TopologySource, call: ts.CallExpression): Change | undefined {
  const callee = unwrapped(call.expression);
  if (!ts.isPropertyAccessExpression(callee) && !ts.isElementAccessExpression(callee)) return undefined;
  const [first] = call.arguments;
  if (first && MUTATING_STATIC.test(callee.getText(source.file))) return { targets: [first], how: 'changed' };
  const name = ts.isPropertyAccessExpression(callee)
    ? callee.name.text
    : ts.isStringLiteralLike(callee.argumentExpression)
      ? callee.argumentExpression.text
      : '';
  return MUTATING.has(name) ? { targets: [callee.expression], how: 'changed' } : undefined;
}

const isAssignment = (kind: ts.SyntaxKind): boolean => kind >= ts.SyntaxKind.FirstAssignment && kind <= ts.SyntaxKind.LastAssignment;
const isStep = (operator: ts.SyntaxKind): boolean => operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken;

/** The single targets of an assignment, destructuring included. */
function targetsOf(left: ts.Expression): ts.Expression[] {
  const node = unwrapped(left);
  if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap((one) => targetsOf(ts.isSpreadElement(one) ? one.expression : one));
  if (ts.isBinaryExpression(node)) return targetsOf(node.left);
  if (!ts.isObjectLiteralExpression(node)) return [node];
  return node.properties.flatMap((one) => {
    if (ts.isShorthandPropertyAssignment(one)) return [one.name];
    if (ts.isPropertyAssignment(one)) return targetsOf(one.initializer);
    return ts.isSpreadAssignment(one) ? targetsOf(one.expression) : [];
  });
}

function checkTarget(
  source: TopologySource,
  node: ts.Node,
  target: ts.Expression,
  how: Change['how'],
  buildFunction: FunctionNode | undefined,
): void {
  const root = rootOf(target);
  if (root.kind === ts.SyntaxKind.ThisKeyword) return checkThis(source, node);
  if (!ts.isIdentifier(root)) return;
  const inside = enclosingFunction(node);
  const declaration = source.symbolOf(root)?.declarations?.[0];
  if (declaration === undefined || inside === undefined) return;
  const home = enclosingFunction(declaration);
  if (home === inside) return checkParameter(source, node, root, declaration, inside);
  const isShared = home === undefined || home === buildFunction || escapes(source, inside, home);
  if (isShared) refuseOuter(source, node, root, how === 'assigned' && root === unwrapped(target));
}

function refuseOuter(source: TopologySource, node: ts.Node, root: ts.Identifier, isAssigned: boolean): void {
  const what = `"${root.text}" is ${isAssigned ? 'assigned' : 'changed'} by a function that runs for each record, but lives outside of it`;
  source.refuse(
    'SFS_CHECK_STATE',
    node,
    `${what}: it would be lost on a restart and not undone when a record fails; use \`reduce\` or \`aggregate\`, whose state is a store`,
  );
}

/** The variable at the start of `a.b[c].d`. */
function rootOf(expression: ts.Expression): ts.Expression {
  let node = unwrapped(expression);
  while (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) node = unwrapped(node.expression);
  return node;
}

function checkThis(source: TopologySource, node: ts.Node): void {
  const method = enclosingFunction(node);
  if (method === undefined || ts.isConstructorDeclaration(method)) return;
  source.refuse(
    'SFS_CHECK_STATE',
    node,
    'an object that changes itself is hidden state: it would be lost on a restart and not undone when a record fails; use `reduce` or `aggregate`, whose state is a store',
  );
}

/** A record that is changed in place is changed for every other reader of the stream, too. */
function checkParameter(source: TopologySource, node: ts.Node, root: ts.Identifier, declaration: ts.Declaration, inside: FunctionNode): void {
  const isWhole = ts.isBinaryExpression(node) && unwrapped(node.left) === root;
  const parameter = ts.findAncestor(declaration, ts.isParameter);
  if (isWhole || parameter?.parent !== inside || !isOperatorCallback(source, inside)) return;
  source.refuse(
    'SFS_CHECK_STATE',
    node,
    `"${root.text}" is changed in place, but other readers of the stream, and the state, hold the same value: make a new one, such as \`{ ...${root.text}, ... }\` or \`withValue\``,
  );
}

/** Whether a function is handed, alone or in options, to an operator of RxJS or of skillforge-streams. */
function isOperatorCallback(source: TopologySource, node: FunctionNode): boolean {
  const outer = ts.findAncestor(
    node.parent,
    (one) => !ts.isParenthesizedExpression(one) && !ts.isPropertyAssignment(one) && !ts.isObjectLiteralExpression(one),
  );
  if (outer === undefined || !ts.isCallExpression(outer)) return false;
  const imported = source.importOf(outer.expression);
  return operatorName(source, outer) !== undefined || (imported !== undefined && isRxjs(imported.module));
}

/**
 * Whether `inner`, which changes a variable of `home`, can outlive a call of `home`. It cannot where each function between
 * them is called on the spot, handed to a method such as `forEach`, or only ever called by its name from where the same holds.
 */
function escapes(source: TopologySource, inner: FunctionNode, home: FunctionNode, seen: Set<ts.Node> = new Set()): boolean {
  for (let node: FunctionNode | undefined = inner; node !== undefined && node !== home; node = enclosingFunction(node)) {
    if (seen.has(node)) return false;
    seen.add(node);
    if (leaves(source, node, home, seen)) return true;
  }
  return false;
}

function leaves(source: TopologySource, node: FunctionNode, home: FunctionNode, seen: Set<ts.Node>): boolean {
  let outer: ts.Node = node.parent;
  while (ts.isParenthesizedExpression(outer)) outer = outer.parent;
  const name = ts.isFunctionDeclaration(node) ? node.name : ts.isVariableDeclaration(outer) && ts.isIdentifier(outer.name) ? outer.name : undefined;
  if (name === undefined) return !ts.isCallExpression(outer) || source.importOf(outer.expression) !== undefined;
  return referencesTo(source, name).some((reference) => {
    const isCall = ts.isCallExpression(reference.parent) && reference.parent.expression === reference;
    const caller = enclosingFunction(reference);
    return !isCall || (caller !== undefined && caller !== home && escapes(source, caller, home, seen));
  });
}

function referencesTo(source: TopologySource, name: ts.Identifier): ts.Identifier[] {
  const symbol = source.symbolOf(name);
  const found: ts.Identifier[] = [];
  source.forEachNode((node) => {
    if (ts.isIdentifier(node) && node !== name && node.text === name.text && source.symbolOf(node) === symbol) found.push(node);
  });
  return found;
}

/** A pattern with the flag g or y remembers where it stopped. */
function checkRegularExpression(source: TopologySource, node: ts.Node): void {
  if (!ts.isCallExpression(node) || !ts.isPropertyAccessExpression(node.expression) || !/^(test|exec)$/.test(node.expression.name.text)) return;
  const object = unwrapped(node.expression.expression);
  const declaration = ts.isIdentifier(object) ? source.symbolOf(object)?.valueDeclaration : undefined;
  if (declaration === undefined || !ts.isVariableDeclaration(declaration) || enclosingFunction(declaration) === enclosingFunction(node)) return;
  const pattern = declaration.initializer;
  if (pattern === undefined || !ts.isRegularExpressionLiteral(pattern) || !/\/[a-z]*[gy][a-z]*$/.test(pattern.text)) return;
  source.refuse(
    'SFS_CHECK_STATE',
    node,
    `a pattern with the flag g or y remembers where its last match ended, so one record changes the result of the next: leave the flag out`,
  );
}
