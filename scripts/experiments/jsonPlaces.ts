/** Where in a JSON text a value stands. */
import ts from 'typescript';
import type { JsonPath } from '../../runtime/experiments/index.js';

/** A place in a text, both from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** A JSON text whose places can be found. */
export class JsonText {
  private readonly file: ts.JsonSourceFile;

  constructor(text: string) {
    this.file = ts.parseJsonText('payload.json', text);
  }

  /** The first place that is no JSON, with what is wrong there; `null` where the text is JSON to TypeScript, which allows comments. */
  get fault(): { readonly position: TextPosition; readonly message: string } | null {
    const { parseDiagnostics } = this.file as unknown as { readonly parseDiagnostics: readonly ts.DiagnosticWithLocation[] };
    const [first] = parseDiagnostics;
    if (first === undefined) return null;
    return { position: this.positionOf(first.start), message: ts.flattenDiagnosticMessageText(first.messageText, ' ') };
  }

  /** Where the value of a path stands, or the nearest around it that is there. */
  place(path: JsonPath): TextPosition {
    let node: ts.Node = this.file.statements[0]?.expression ?? this.file;
    for (const step of path) {
      const next = childOf(node, step);
      if (next === undefined) break;
      node = next;
    }
    return this.positionOf(node.getStart(this.file));
  }

  private positionOf(offset: number): TextPosition {
    const { line, character } = this.file.getLineAndCharacterOfPosition(offset);
    return { line: line + 1, column: character + 1 };
  }
}

function childOf(node: ts.Node, step: string | number): ts.Node | undefined {
  if (ts.isArrayLiteralExpression(node) && typeof step === 'number') return node.elements[step];
  if (!ts.isObjectLiteralExpression(node)) return undefined;
  // Of two members of a name, JSON takes the last.
  const member = node.properties.findLast((one) => one.name !== undefined && ts.isStringLiteral(one.name) && one.name.text === step);
  return member !== undefined && ts.isPropertyAssignment(member) ? member.initializer : undefined;
}
