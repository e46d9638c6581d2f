import ts from 'typescript';

/** Which rule a finding is of; `docs/reference/errors.md` explains each. */
export type CheckCode =
  | 'SFS_CHECK_RXJS'
  | 'SFS_CHECK_ASYNC'
  | 'SFS_CHECK_NONDETERMINISM'
  | 'SFS_CHECK_STATE'
  | 'SFS_CHECK_IMPORT'
  | 'SFS_CHECK_ID'
  | 'SFS_CHECK_EXPORT'
  | 'SFS_CHECK_SYNTAX';

/** A place in a topology file that the check refuses. */
export interface Finding {
  readonly code: CheckCode;
  /** What, why, and what to use. */
  readonly message: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  readonly column: number;
  readonly endLine: number;
}

/** What a name stands for that a file imports. */
export interface ImportedName {
  readonly module: string;
  /** Name in that module; `*` for the namespace, `default` for the default export. */
  readonly name: string;
}

/** A function with a body. */
export type FunctionNode =
  ts.FunctionDeclaration | ts.FunctionExpression | ts.ArrowFunction | ts.MethodDeclaration | ts.AccessorDeclaration | ts.ConstructorDeclaration;

/** A parsed file with the meaning of its names. Nothing of it is executed, and no other file is read. */
export class TopologySource {
  readonly findings: Finding[] = [];
  readonly file: ts.SourceFile;
  private readonly checker: ts.TypeChecker;
  private readonly imports = new Map<ts.Symbol, ImportedName>();

  constructor(
    readonly fileName: string,
    text: string,
  ) {
    const program = singleFileProgram(fileName, text);
    this.file = program.getSourceFile(fileName)!;
    this.checker = program.getTypeChecker();
    program
      .getSyntacticDiagnostics(this.file)
      .forEach((one) => this.refuseAt('SFS_CHECK_SYNTAX', one.start, one.start + one.length, ts.flattenDiagnosticMessageText(one.messageText, ' ')));
    for (const statement of this.file.statements) if (ts.isImportDeclaration(statement)) this.addImports(statement);
  }

  refuse(code: CheckCode, node: ts.Node, message: string): void {
    this.refuseAt(code, node.getStart(this.file), node.getEnd(), message);
  }

  private refuseAt(code: CheckCode, start: number, end: number, message: string): void {
    const { line, character } = this.file.getLineAndCharacterOfPosition(start);
    const endLine = this.file.getLineAndCharacterOfPosition(end).line + 1;
    this.findings.push({ code, message, file: this.fileName, line: line + 1, column: character + 1, endLine });
  }

  private addImports(statement: ts.ImportDeclaration): void {
    const module = (statement.moduleSpecifier as ts.StringLiteral).text;
    const clause = statement.importClause;
    if (clause === undefined) return;
    if (clause.name) this.addImport(clause.name, module, 'default');
    const named = clause.namedBindings;
    if (named && ts.isNamespaceImport(named)) this.addImport(named.name, module, '*');
    if (named && ts.isNamedImports(named)) for (const one of named.elements) this.addImport(one.name, module, (one.propertyName ?? one.name).text);
  }

  private addImport(identifier: ts.Identifier, module: string, name: string): void {
    const symbol = this.checker.getSymbolAtLocation(identifier);
    if (symbol) this.imports.set(symbol, { module, name });
  }

  /** What an identifier in an expression refers to; `undefined` for globals. */
  symbolOf(identifier: ts.Identifier): ts.Symbol | undefined {
    const { parent } = identifier;
    if (ts.isShorthandPropertyAssignment(parent) && parent.name === identifier) return this.checker.getShorthandAssignmentValueSymbol(parent);
    return this.checker.getSymbolAtLocation(identifier);
  }

  /** The import behind `name` or `namespace.name`. */
  importOf(expression: ts.Expression): ImportedName | undefined {
    const callee = unwrapped(expression);
    if (ts.isPropertyAccessExpression(callee)) {
      const inner = this.importOf(callee.expression);
      return inner?.name === '*' ? { module: inner.module, name: callee.name.text } : undefined;
    }
    const symbol = ts.isIdentifier(callee) ? this.symbolOf(callee) : undefined;
    return symbol && this.imports.get(symbol);
  }

  /** Whether an identifier names a global of the language or the platform: nothing in the file declares it. */
  isGlobal(node: ts.Node, names: ReadonlySet<string>): node is ts.Identifier {
    return ts.isIdentifier(node) && names.has(node.text) && isExpressionName(node) && (this.symbolOf(node)?.declarations ?? []).length === 0;
  }

  /** The function that a variable, a declaration or an inline expression stands for. */
  functionOf(expression: ts.Expression | undefined): FunctionNode | undefined {
    const node = expression && unwrapped(expression);
    if (node === undefined || isFunction(node)) return node;
    const declaration = ts.isIdentifier(node) ? this.symbolOf(node)?.valueDeclaration : undefined;
    if (declaration && ts.isFunctionDeclaration(declaration)) return declaration;
    const initializer = declaration && ts.isVariableDeclaration(declaration) ? declaration.initializer : undefined;
    return initializer && isFunction(unwrapped(initializer)) ? (unwrapped(initializer) as FunctionNode) : undefined;
  }

  /** Calls `visit` for every node, outer ones first. */
  forEachNode(visit: (node: ts.Node) => void, root: ts.Node = this.file): void {
    const walk = (node: ts.Node): void => {
      visit(node);
      ts.forEachChild(node, walk);
    };
    walk(root);
  }
}

function singleFileProgram(fileName: string, text: string): ts.Program {
  const options: ts.CompilerOptions = {
    noLib: true,
    noResolve: true,
    types: [],
    allowJs: true,
    target: ts.ScriptTarget.ESNext,
    module: ts.ModuleKind.ESNext,
  };
  const file = ts.createSourceFile(fileName, text, ts.ScriptTarget.ESNext, true);
  const host: ts.CompilerHost = {
    getSourceFile: (name) => (name === fileName ? file : undefined),
    getDefaultLibFileName: () => '',
    writeFile: () => undefined,
    getCurrentDirectory: () => '',
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (name) => name === fileName,
    readFile: () => undefined,
  };
  return ts.createProgram([fileName], options, host);
}

/** An expression without parentheses, `as`, `satisfies` and `!`. */
export function unwrapped(expression: ts.Expression): ts.Expression {
  let inner = expression;
  while (ts.isParenthesizedExpression(inner) || ts.isAssertionExpression(inner) || ts.isNonNullExpression(inner) || ts.isSatisfiesExpression(inner))
    inner = inner.expression;
  return inner;
}

/** Whether a node is a function with a body. */
export function isFunction(node: ts.Node): node is FunctionNode {
  return ts.isFunctionLike(node) && 'body' in node;
}

/** The innermost function around a node; `undefined` at the level of the file. */
export function enclosingFunction(node: ts.Node): FunctionNode | undefined {
  for (let outer = node.parent; outer !== undefined; outer = outer.parent) if (isFunction(outer)) return outer;
  return undefined;
}

/** Whether `inner` lies within `outer`. */
export function isWithin(inner: ts.Node, outer: ts.Node): boolean {
  return inner.pos >= outer.pos && inner.end <= outer.end;
}

/** Whether an identifier stands for a value, rather than naming a property, a type or a declaration. */
function isExpressionName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) || ts.isQualifiedName(parent)) return ts.isPropertyAccessExpression(parent) && parent.expression === node;
  if (ts.isShorthandPropertyAssignment(parent)) return true;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isTypeNode(parent) || ts.isImportSpecifier(parent)) return false;
  return !('name' in parent && parent.name === node);
}
