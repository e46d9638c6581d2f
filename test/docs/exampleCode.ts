/** Code of examples as something that runs. */
import { compileFunction } from 'node:vm';
import ts from 'typescript';

/** The code as the body of a function that returns its last expression. @throws Error when it ends in something else */
export function returning(name: string, code: string): string {
  const file = ts.createSourceFile('example.ts', code, ts.ScriptTarget.Latest, true);
  const last = file.statements.at(-1);
  if (last === undefined || !ts.isExpressionStatement(last)) throw new Error(`${name}: the last statement must be the stream that is shown`);
  return `${code.slice(0, last.getStart())}return ${code.slice(last.getStart())}`;
}

const OPTIONS: ts.CompilerOptions = { target: ts.ScriptTarget.ES2023, module: ts.ModuleKind.CommonJS };

type Scope = Readonly<Record<string, unknown>>;

/** The body of a function as something to call, with values for these names. */
export function compile(body: string, names: readonly string[]): (scope: Scope) => unknown {
  const { outputText } = ts.transpileModule(`function example() {\n${body}\n}`, { compilerOptions: { ...OPTIONS, module: ts.ModuleKind.ESNext } });
  return callable(`${outputText}\nreturn example();`, names);
}

/** Runs a module whose imports come from `modules`, by their specifier. @throws Error for any other import */
export function runModule(text: string, modules: ReadonlyMap<string, unknown>): void {
  const require = (specifier: string): unknown => {
    const found = modules.get(specifier);
    if (found === undefined) throw new Error(`an example imports "${specifier}", which is not there for examples`);
    return found;
  };
  const { outputText } = ts.transpileModule(text, { compilerOptions: { ...OPTIONS, esModuleInterop: true } });
  callable(outputText, ['require', 'exports'])({ require, exports: {} });
}

function callable(code: string, names: readonly string[]): (scope: Scope) => unknown {
  const run = compileFunction(code, [...names]) as (...values: unknown[]) => unknown;
  return (scope) => run(...names.map((name) => scope[name]));
}

/** A value as it is written in an example. */
export const literal = (text: string): unknown => compile(`return (${text});`, [])({});
