/**
 * An explicit-state model checker: visits every state that a model can reach, breadth first, so that a counterexample is a shortest one.
 * States are told apart by their keys; a model that gives equal keys to states that differ by names alone is explored up to renaming.
 */

/** Something that can happen. */
export interface Step<S> {
  readonly label: string;
  readonly state: S;
  /** True for what goes wrong (a crash, a lost answer): it may happen, and nothing may depend on it. */
  readonly fault: boolean;
}

export interface Model<S> {
  readonly initial: S;
  stepsFrom(state: S): readonly Step<S>[];
  /** Equal for states that need not be told apart. */
  keyOf(state: S): string;
  /** What must never be, where it is; `null` for a good state. */
  violationOf(state: S): string | null;
  /** All work is done. From everywhere such a state must stay reachable without another fault. */
  isDone(state: S): boolean;
  /** Parts of a state in words: a trace shows those that a step has changed. */
  describe(state: S): readonly string[];
}

export interface Counterexample {
  readonly message: string;
  /** Each step from the initial state, with what it changes. */
  readonly trace: readonly string[];
}

export interface Exploration {
  readonly states: number;
  readonly steps: number;
  readonly doneStates: number;
  readonly counterexample: Counterexample | null;
}

/** What is known of the states that were seen, by number. */
class Seen {
  readonly numbers = new Map<string, number>();
  readonly parents: number[] = [];
  readonly done: number[] = [];
  /** Steps that are no faults, as pairs: from, to. */
  readonly sound: number[] = [];
  steps = 0;
}

/**
 * Explores until a violation is found or nothing is left.
 * @param mostStates - a guard against models without end
 * @throws Error when there are more states: the answer would be half an answer
 */
export function explore<S>(model: Model<S>, mostStates = 5_000_000): Exploration {
  const seen = new Seen();
  let frontier: Entered<S>[] = [{ number: enter(seen, model.keyOf(model.initial), -1), state: model.initial }];
  while (frontier.length > 0) {
    const next: Entered<S>[] = [];
    for (const { number, state } of frontier) {
      const message = model.violationOf(state);
      if (message !== null) return exploration(seen, { message, trace: traceTo(model, seen, number) });
      if (model.isDone(state)) seen.done.push(number);
      follow(model, seen, number, state, next);
    }
    if (seen.parents.length > mostStates) throw new Error(`more than ${mostStates} states`);
    frontier = next;
  }
  const stuck = firstStuck(seen);
  if (stuck === null) return exploration(seen, null);
  return exploration(seen, { message: 'from here the work cannot be finished any more', trace: traceTo(model, seen, stuck) });
}

interface Entered<S> {
  readonly number: number;
  readonly state: S;
}

function follow<S>(model: Model<S>, seen: Seen, from: number, state: S, next: Entered<S>[]): void {
  for (const step of model.stepsFrom(state)) {
    seen.steps++;
    const key = model.keyOf(step.state);
    let number = seen.numbers.get(key);
    if (number === undefined) {
      number = enter(seen, key, from);
      next.push({ number, state: step.state });
    }
    if (!step.fault) seen.sound.push(from, number);
  }
}

/** Gives a new state its number. */
function enter(seen: Seen, key: string, parent: number): number {
  const number = seen.parents.push(parent) - 1;
  seen.numbers.set(key, number);
  return number;
}

const exploration = (seen: Seen, counterexample: Counterexample | null): Exploration => ({
  states: seen.parents.length,
  steps: seen.steps,
  doneStates: seen.done.length,
  counterexample,
});

/** The first state from which no done state can be reached without a fault: backwards from the done ones. */
function firstStuck(seen: Seen): number | null {
  const { starts, sources } = predecessors(seen);
  const reaches = new Uint8Array(seen.parents.length);
  const waiting = [...seen.done];
  for (const number of waiting) reaches[number] = 1;
  for (let number = waiting.pop(); number !== undefined; number = waiting.pop()) {
    for (let index = starts[number]!; index < starts[number + 1]!; index++) {
      const source = sources[index]!;
      if (reaches[source] === 1) continue;
      reaches[source] = 1;
      waiting.push(source);
    }
  }
  const stuck = reaches.indexOf(0);
  return stuck < 0 ? null : stuck;
}

/** The pairs sorted by where they lead to: sources of `n` stand from `starts[n]` to before `starts[n + 1]`. */
function predecessors({ parents, sound }: Seen): { readonly starts: Int32Array; readonly sources: Int32Array } {
  const starts = new Int32Array(parents.length + 1);
  for (let index = 1; index < sound.length; index += 2) starts[sound[index]! + 1]!++;
  for (let number = 0; number < parents.length; number++) starts[number + 1]! += starts[number]!;
  const free = starts.slice();
  const sources = new Int32Array(sound.length / 2);
  for (let index = 0; index < sound.length; index += 2) sources[free[sound[index + 1]!]!++] = sound[index]!;
  return { starts, sources };
}

/** States are not kept: the way is walked once more, along the numbers. */
function traceTo<S>(model: Model<S>, seen: Seen, number: number): string[] {
  const way: number[] = [];
  for (let at = number; at > 0; at = seen.parents[at]!) way.push(at);
  let state = model.initial;
  return way.reverse().map((to, index) => {
    const step = model.stepsFrom(state).find((one) => seen.numbers.get(model.keyOf(one.state)) === to)!;
    const before = model.describe(state);
    state = step.state;
    const changed = model.describe(state).filter((part) => !before.includes(part));
    return [`${String(index + 1).padStart(3)}. ${step.label}`, ...changed].join('\n       ');
  });
}
