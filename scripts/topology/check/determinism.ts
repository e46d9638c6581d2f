import ts from 'typescript';
import { unwrapped, type TopologySource } from './source.js';

const EVENT_TIME = 'so a replay gives other results: use event time, `record.timestamp`';
const PERSONAL = 'so a replay gives other results: derive it from the record';
const AMBIENT = 'differs between machines and runs, so a replay gives other results: put it into the record, or write it into the topology';

/** Refuses the clock, randomness, the process and its time zone. */
export function checkDeterminism(source: TopologySource): void {
  source.forEachNode((node) => {
    const message = ambient(source, node) ?? clockOrChance(source, node) ?? localTime(node);
    if (message !== undefined) source.refuse('SFS_CHECK_NONDETERMINISM', node, message);
  });
}

const AMBIENT_NAMES: ReadonlySet<string> = new Set(['process', 'globalThis', 'global', 'window', 'self', 'navigator', 'Deno', 'Bun', 'console']);
const CODE_NAMES: ReadonlySet<string> = new Set(['eval', 'Function']);

function ambient(source: TopologySource, node: ts.Node): string | undefined {
  if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword) return `\`import.meta\` ${AMBIENT}`;
  if (source.isGlobal(node, CODE_NAMES)) return `\`${node.text}\` runs code that this check cannot see: write the function out`;
  if (!source.isGlobal(node, AMBIENT_NAMES)) return undefined;
  if (node.text === 'console')
    return '`console` is a side effect, which a replay and a retry repeat: use `to(topic)` for what should be seen outside, and the metrics of the stages';
  return `\`${node.text}\` ${AMBIENT}`;
}

interface Impure {
  /** Whether this use of it is free of clock and chance. */
  readonly isPure: (member: string | undefined, node: ts.Identifier) => boolean;
  readonly why: string;
}

const SOURCES = new Map<string, Impure>([
  ['Date', { isPure: (member, node) => isPureDate(node, member), why: `reads the clock or the time zone of the machine, ${EVENT_TIME}` }],
  ['Temporal', { isPure: (member) => member !== undefined && member !== 'Now', why: `reads the clock of the machine, ${EVENT_TIME}` }],
  ['performance', { isPure: () => false, why: `reads the clock of the machine, ${EVENT_TIME}` }],
  ['Math', { isPure: (member) => member !== undefined && member !== 'random', why: `is random, ${PERSONAL}` }],
  ['crypto', { isPure: () => false, why: `is random or asynchronous, ${PERSONAL}` }],
]);
const SOURCE_NAMES: ReadonlySet<string> = new Set(SOURCES.keys());

function clockOrChance(source: TopologySource, node: ts.Node): string | undefined {
  if (!source.isGlobal(node, SOURCE_NAMES)) return undefined;
  const { isPure, why } = SOURCES.get(node.text)!;
  const member = memberOf(node);
  if (isPure(member, node)) return undefined;
  const shown = ts.isNewExpression(node.parent) ? `new ${node.text}()` : member === undefined ? node.text : `${node.text}.${member}`;
  return `\`${shown}\` ${why}`;
}

function memberOf(node: ts.Identifier): string | undefined {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) return parent.name.text;
  if (ts.isElementAccessExpression(parent) && parent.expression === node && ts.isStringLiteralLike(parent.argumentExpression))
    return parent.argumentExpression.text;
  return undefined;
}

const PURE_DATE: ReadonlySet<string> = new Set(['UTC', 'parse']);

/** `new Date(ms)`, `Date.UTC(...)`, `instanceof Date`. */
function isPureDate(node: ts.Identifier, member: string | undefined): boolean {
  const { parent } = node;
  if (member !== undefined) return PURE_DATE.has(member);
  if (ts.isNewExpression(parent)) return (parent.arguments?.length ?? 0) === 1;
  return ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword;
}

const LOCAL_TIME = /^(get|set)(FullYear|Month|Date|Day|Hours|Minutes|TimezoneOffset)$|^to(Date|Time)String$/;
const LOCAL_TEXT = /^toLocale(Date|Time)?String$|^toLocale(Upper|Lower)Case$|^localeCompare$/;

function localTime(node: ts.Node): string | undefined {
  const callee = ts.isCallExpression(node) ? unwrapped(node.expression) : undefined;
  if (callee === undefined || !ts.isPropertyAccessExpression(callee)) return undefined;
  const name = callee.name.text;
  if (LOCAL_TIME.test(name))
    return `\`${name}\` goes by the time zone of the machine, so a replay elsewhere gives other results: use the UTC methods, such as \`getUTCHours\``;
  if (LOCAL_TEXT.test(name))
    return `\`${name}\` goes by the language of the machine, so a replay elsewhere gives other results: compare code units, or format where it is shown`;
  return undefined;
}
