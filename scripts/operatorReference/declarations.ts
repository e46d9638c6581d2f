/** Reads the exported declarations of the operators from their source: names, signatures, options, doc comments. */
import { readFileSync } from 'node:fs';
import { join, posix } from 'node:path';
import ts from 'typescript';
import { packageRoot } from '../../schemas/index.js';
import { parseDocComment, type DocComment } from './docComment.js';

/** A field of an options interface, or a member of an object such as `schema`. */
export interface Field {
  readonly name: string;
  readonly type: string;
  readonly optional: boolean;
  readonly text: string;
}

/** One export of a file of `operators/`. */
export interface Declaration {
  readonly kind: 'function' | 'object' | 'type';
  readonly name: string;
  /** From the root of the project. */
  readonly path: string;
  /** Source text without body, `export` and comment. */
  readonly signature: string;
  readonly doc: DocComment;
  /** Names of the types that its parameters name: where to look for options. */
  readonly parameterTypes: readonly string[];
  /** Of an interface, an object, or the type literals among the parameters. */
  readonly fields: readonly Field[];
  /** Interfaces that it extends. */
  readonly bases: readonly string[];
}

/** The exports of one file, in their order; what it passes on from another file is declared there. */
export function declarationsOf(path: string, text = readFileSync(join(packageRoot(), path), 'utf8')): Declaration[] {
  const file = ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true);
  return file.statements.flatMap((statement) => (isExported(statement) ? (declarationOf(statement, path) ?? []) : passedOn(statement, path)));
}

/** The declarations behind `export * from './other.js'`. */
function passedOn(statement: ts.Statement, path: string): Declaration[] {
  if (!ts.isExportDeclaration(statement) || statement.exportClause !== undefined) return [];
  const { text } = statement.moduleSpecifier as ts.StringLiteral;
  return declarationsOf(posix.join(posix.dirname(path), text.replace(/\.js$/, '.ts')));
}

const isExported = (statement: ts.Statement): boolean =>
  ts.canHaveModifiers(statement) && (ts.getModifiers(statement) ?? []).some((modifier) => modifier.kind === ts.SyntaxKind.ExportKeyword);

function declarationOf(statement: ts.Statement, path: string): Declaration | null {
  const doc = parseDocComment(statement.getFullText().slice(0, statement.getStart() - statement.getFullStart()));
  const common = { path, doc, parameterTypes: [], fields: [], bases: [] };
  if (ts.isFunctionDeclaration(statement))
    return { ...common, kind: 'function', name: statement.name!.text, ...functionParts(statement, headOf(statement)) };
  if (ts.isVariableStatement(statement)) return { ...common, ...variableParts(statement.declarationList.declarations[0]!) };
  if (ts.isInterfaceDeclaration(statement)) {
    const bases = (statement.heritageClauses ?? []).flatMap((clause) => clause.types.map((type) => type.expression.getText()));
    return { ...common, kind: 'type', name: statement.name.text, signature: plain(statement), fields: fieldsOf(statement.members), bases };
  }
  return ts.isTypeAliasDeclaration(statement) ? { ...common, kind: 'type', name: statement.name.text, signature: plain(statement) } : null;
}

const plain = (node: ts.Node): string => node.getText().replace(/^export /, '');

/** The text of a function up to its body, without the comments of option literals. */
function headOf(node: ts.FunctionDeclaration): string {
  const text = node.getText().slice(0, node.body === undefined ? undefined : node.body.getStart() - node.getStart());
  return `${text
    .replace(/^export /, '')
    .replaceAll(/\/\*\*.*?\*\/ /g, '')
    .trimEnd()};`;
}

function functionParts(node: ts.SignatureDeclaration, signature: string): Pick<Declaration, 'signature' | 'parameterTypes' | 'fields'> {
  const types = node.parameters.flatMap((parameter) => (parameter.type === undefined ? [] : partsOf(parameter.type)));
  return {
    signature,
    parameterTypes: types.flatMap((type) => (ts.isTypeReferenceNode(type) ? [type.typeName.getText()] : [])),
    fields: types.flatMap((type) => (ts.isTypeLiteralNode(type) ? fieldsOf(type.members) : [])),
  };
}

const partsOf = (type: ts.TypeNode): readonly ts.TypeNode[] => (ts.isIntersectionTypeNode(type) ? type.types : [type]);

function variableParts(declaration: ts.VariableDeclaration): Pick<Declaration, 'kind' | 'name' | 'signature' | 'parameterTypes' | 'fields'> {
  const name = declaration.name.getText();
  const value = unwrapped(declaration.initializer!);
  if (ts.isArrowFunction(value)) return { kind: 'function', name, ...functionParts(value, `function ${name}${callText(value)};`) };
  const members = ts.isObjectLiteralExpression(value) ? value.properties.flatMap((member) => memberField(member) ?? []) : [];
  return { kind: 'object', name, signature: '', parameterTypes: [], fields: members };
}

const unwrapped = (expression: ts.Expression): ts.Expression => (ts.isAsExpression(expression) ? expression.expression : expression);

/** Type parameters, parameters and result of a function. */
function callText(node: ts.SignatureDeclaration): string {
  const list = (nodes: readonly ts.Node[] | undefined, open: string, close: string): string =>
    nodes === undefined ? '' : `${open}${nodes.map((one) => one.getText()).join(', ')}${close}`;
  return `${list(node.typeParameters, '<', '>')}${list(node.parameters, '(', ')')}: ${node.type?.getText() ?? 'unknown'}`;
}

function fieldsOf(members: ts.NodeArray<ts.TypeElement>): Field[] {
  return members.filter(ts.isPropertySignature).map((member) => ({
    name: member.name.getText(),
    type: member.type!.getText().replace(/\s+/g, ' '),
    optional: member.questionToken !== undefined,
    text: docOf(member),
  }));
}

/** A member of an object: a function, a schema such as `of<string>('string')`, or a function of the same file by its name. */
function memberField(member: ts.ObjectLiteralElementLike): Field | null {
  const field = { name: member.name!.getText(), optional: false, text: docOf(member) };
  if (ts.isShorthandPropertyAssignment(member)) {
    const found = member.getSourceFile().statements.find((one) => ts.isFunctionDeclaration(one) && one.name?.text === field.name);
    return { ...field, type: callText(found as ts.FunctionDeclaration) };
  }
  if (!ts.isPropertyAssignment(member)) return null;
  const value = member.initializer;
  if (ts.isArrowFunction(value)) return { ...field, type: callText(value) };
  const [argument] = ts.isCallExpression(value) ? (value.typeArguments ?? []) : [];
  return { ...field, type: `ValueSchema<${argument?.getText() ?? 'unknown'}>` };
}

const docOf = (node: ts.Node): string =>
  parseDocComment(node.getFullText().slice(0, node.getStart() - node.getFullStart())).text.replace(/\s+/g, ' ');
