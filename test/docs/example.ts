/** The form of an example: code whose last expression is a stream, between lines that say what comes in and what goes out. */

/** What a `// <-` line does. */
export type Action =
  | { readonly kind: 'send'; readonly topic: string; readonly key: string; readonly atMs: number; readonly value: string }
  | { readonly kind: 'watermark'; readonly atMs: number }
  | { readonly kind: 'end' };

/** What a `// ->` line expects. */
export type Outcome =
  | { readonly kind: 'record'; readonly key: string; readonly atMs: number; readonly value: string }
  | { readonly kind: 'dead letter'; readonly key: string; readonly atMs: number; readonly code: string };

/** Lines that come in together, and all that goes out after them. */
export interface Step {
  readonly actions: readonly Action[];
  readonly outcomes: readonly Outcome[];
}

/** An example as written. */
export interface Example {
  /** Where it stands: for messages. */
  readonly name: string;
  readonly code: string;
  readonly steps: readonly Step[];
}

/** Says that nothing goes out, where more comes in afterwards. */
const NOTHING = 'nothing';
const LINE = /^\s*\/\/ (<-|->) (.*)$/;

/** True when a text has the lines of an example. */
export const isExample = (text: string): boolean => text.split('\n').some((line) => LINE.test(line));

/** @throws Error when a line cannot be read, nothing comes in, or something goes out before anything comes in */
export function parseExample(name: string, text: string): Example {
  const lines = text.split('\n');
  const code = lines
    .filter((line) => !LINE.test(line))
    .join('\n')
    .trim();
  const steps: OpenStep[] = [];
  for (const line of lines) {
    const [, direction, rest = ''] = LINE.exec(line) ?? [];
    if (direction !== undefined) addLine(steps, name, direction, rest);
  }
  if (steps.length === 0) throw new Error(`${name}: nothing comes in`);
  return { name, code, steps };
}

interface OpenStep {
  readonly actions: Action[];
  readonly outcomes: Outcome[];
  /** What goes out has been said: what comes in next is another step. */
  isOver: boolean;
}

function addLine(steps: OpenStep[], name: string, direction: string, rest: string): void {
  if (direction === '<-' && (steps.at(-1)?.isOver ?? true)) steps.push({ actions: [], outcomes: [], isOver: false });
  const step = steps.at(-1);
  if (step === undefined) throw new Error(`${name}: something goes out before anything comes in`);
  if (direction === '<-') return void step.actions.push(...actionsOf(name, rest));
  step.isOver = true;
  if (rest !== NOTHING) step.outcomes.push(outcomeOf(name, rest));
}

function actionsOf(name: string, text: string): Action[] {
  if (text === 'end') return [{ kind: 'end' }];
  const watermark = /^watermark (-?\d+)$/.exec(text);
  if (watermark !== null) return [{ kind: 'watermark', atMs: Number(watermark[1]) }];
  const [, topic = 'events', records = ''] = /^(?:([a-z]+): )?(.*)$/.exec(text)!;
  return records.split(/, (?=[\w-]+@-?\d)/).map((record) => {
    const match = /^([\w-]+)@(-?\d+)(?: (.+))?$/.exec(record);
    if (match === null) throw new Error(`${name}: "${record}" is no record such as "ada@3 5"`);
    return { kind: 'send', topic, key: match[1]!, atMs: Number(match[2]), value: match[3] ?? '{}' };
  });
}

function outcomeOf(name: string, text: string): Outcome {
  const letter = /^dead letter (\S+)@(-?\d+) (SFS_\w+)$/.exec(text);
  if (letter !== null) return { kind: 'dead letter', key: letter[1]!, atMs: Number(letter[2]), code: letter[3]! };
  const match = /^(\S+)@(-?\d+) (.+)$/.exec(text);
  if (match === null) throw new Error(`${name}: "${text}" is no result such as "ada@9 { n: 7 }"`);
  return { kind: 'record', key: match[1]!, atMs: Number(match[2]), value: match[3]! };
}
