/** Reads the names out of expressions of PromQL: enough to tell whether they exist. Whether an expression is valid, promtool tells. */

/** What an expression names. */
export interface NamesIn {
  /** Metrics, with `_bucket`, `_sum` and `_count` as they stand there. */
  readonly metrics: ReadonlySet<string>;
  /** Labels that select or group. */
  readonly labels: ReadonlySet<string>;
}

const TOKEN = /"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|`[^`]*`|\[[^\]]*\]|[\d.]+(?:[a-zA-Z]\w*)?|\$?[a-zA-Z_:][\w:]*|[^\s]/g;
const NAME = /^[a-zA-Z_:][\w:]*$/;
/** Before a list of labels. */
const GROUPING = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);
const WORDS = new Set(['and', 'or', 'unless', 'bool', 'offset', 'atan2', 'inf', 'nan', 'start', 'end']);

/** Names that an expression uses. Comments are not expected in it. */
export function namesIn(expression: string): NamesIn {
  const metrics = new Set<string>();
  const labels = new Set<string>();
  const tokens = expression.match(TOKEN) ?? [];
  for (let at = 0; at < tokens.length; at++) {
    const token = tokens[at]!;
    if (token === '{') at = listed(tokens, at, '}', labels);
    else if (GROUPING.has(token) && tokens[at + 1] === '(') at = listed(tokens, at + 1, ')', labels);
    else if (isMetric(token, tokens[at + 1])) metrics.add(token);
  }
  return { metrics, labels };
}

/** Takes the names of a list; returns where it ends. Values stand in quotes, and are none. */
function listed(tokens: readonly string[], from: number, end: string, into: Set<string>): number {
  let at = from + 1;
  for (; at < tokens.length && tokens[at] !== end; at++) if (NAME.test(tokens[at]!)) into.add(tokens[at]!);
  return at;
}

/** A name before a bracket is a function; one before `by` an aggregation. */
function isMetric(token: string, next: string | undefined): boolean {
  return NAME.test(token) && !WORDS.has(token.toLowerCase()) && !GROUPING.has(token) && next !== '(' && next !== 'by' && next !== 'without';
}
