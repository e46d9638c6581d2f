import ts from 'typescript';
import { isLanguage } from './imports.js';
import { unwrapped, type FunctionNode, type TopologySource } from './source.js';

/** Operators by the position of their stage id. */
const ID_POSITION: ReadonlyMap<string, number> = new Map([
  ...[
    'aggregate',
    'batch',
    'branch',
    'debounce',
    'dedupe',
    'everySilent',
    'foreignKeyChanges',
    'hopping',
    'inTimeOrder',
    'joinAsOf',
    'joinInterval',
    'joinTable',
    'keyBy',
    'lookup',
    'lookupAll',
    'merge',
    'reduce',
    'reduceTable',
    'sessions',
    'sliding',
    'tumbling',
    'windowSet',
    'topology',
  ].map((name) => [name, 0] as const),
  ['to', 1],
  ['deleteFrom', 1],
]);

/** The name of the operator of skillforge-streams that an expression calls. */
export function operatorName(source: TopologySource, call: ts.CallExpression): string | undefined {
  const imported = source.importOf(call.expression);
  return imported && isLanguage(source.fileName, imported.module) ? imported.name : undefined;
}

/** Every call of `topology(name, options, build)`. */
export function topologyCalls(source: TopologySource): ts.CallExpression[] {
  const calls: ts.CallExpression[] = [];
  source.forEachNode((node) => {
    if (ts.isCallExpression(node) && operatorName(source, node) === 'topology') calls.push(node);
  });
  return calls;
}

/** The function that declares the stages of a topology. */
export function buildFunctionOf(source: TopologySource): FunctionNode | undefined {
  return source.functionOf(topologyCalls(source)[0]?.arguments[2]);
}

/** Ids are names of state: they must stay the same whatever runs, so they are written out. */
export function checkStageIds(source: TopologySource): void {
  source.forEachNode((node) => {
    if (!ts.isCallExpression(node)) return;
    const operator = operatorName(source, node);
    const id = node.arguments[ID_POSITION.get(operator ?? '') ?? -1];
    if (id === undefined || ts.isStringLiteralLike(unwrapped(id))) return;
    const what = operator === 'topology' ? 'the name of a topology' : `the stage id of \`${operator}\``;
    source.refuse('SFS_CHECK_ID', id, `${what} is computed, and state belongs to its id, so it must never vary: write a string literal`);
  });
}

/** The file's default export must be what `topology(...)` returned: that is what the command line loads. */
export function checkDefaultExport(source: TopologySource): void {
  const exported = source.file.statements.find((one) => ts.isExportAssignment(one) && !one.isExportEquals) as ts.ExportAssignment | undefined;
  if (exported === undefined)
    return source.refuse(
      'SFS_CHECK_EXPORT',
      source.file.endOfFileToken,
      'the file has no default export, so nothing finds its topology: end it in `export default topology(...)`',
    );
  if (isTopology(source, exported.expression)) return;
  source.refuse(
    'SFS_CHECK_EXPORT',
    exported,
    'the default export is not the result of `topology(...)`, which is what is deployed: use `export default topology(...)`',
  );
}

function isTopology(source: TopologySource, expression: ts.Expression): boolean {
  const node = unwrapped(expression);
  if (ts.isCallExpression(node)) return operatorName(source, node) === 'topology';
  const declaration = ts.isIdentifier(node) ? source.symbolOf(node)?.valueDeclaration : undefined;
  return (
    declaration !== undefined &&
    ts.isVariableDeclaration(declaration) &&
    declaration.initializer !== undefined &&
    isTopology(source, declaration.initializer)
  );
}
