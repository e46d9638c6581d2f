/** Tries the mutations of the compliance matrix in a copy of the tree, and notes what came of each on docs/reference/compliance-mutations.md. */
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { shownByCommand, type Checkout } from './commandRuns.js';
import { isAsItShould, keepOnPage, verdictOf } from './mutationPage.js';
import { MUTATIONS, type Mutation } from './mutations.js';
import { isOfProgram, type Obligation } from './obligations.js';

/** What a copy of the tree does without: it is made by others, or not needed to run it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', 'dist', 'node_modules', '.skillforge', '.venv', 'coverage']);

/** Copies the tree, as it lies there, into a folder; packages are those of the tree. */
export function copyOfTree(to: string): void {
  const root = packageRoot();
  cpSync(root, to, { recursive: true, filter: (path) => path === root || !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'));
}

/** A text with a part taken away or exchanged; `null` where the part does not stand in it exactly once. */
export function mutated(text: string, { find, replacement }: Pick<Mutation, 'find' | 'replacement'>): string | null {
  const parts = text.split(find);
  return parts.length === 2 ? parts.join(replacement) : null;
}

/** The obligations that are to be tried: those that have one of the texts in their name, all of them without any text. */
export const chosenOf = (obligations: readonly Obligation[], only: readonly string[]): Obligation[] =>
  obligations.filter(({ obligation }) => only.length === 0 || only.some((text) => obligation.includes(text)));

/**
 * Goes through the obligations in their order: tries each mutation that is chosen on the data as they are before the commands of its obligation, then runs what leads on without it:
 * the commands that change the data, and the one that has just been tried, which has to succeed now. Each is noted on the page when it has been tried.
 * @param work - an empty folder. @param only - texts of the obligations that are chosen, none for all @returns 0 where every command succeeded, and none did without its feature
 */
export function tryMutations(obligations: readonly Obligation[], work: string, only: readonly string[]): number {
  const [root, data, before] = [join(work, 'tree'), join(work, 'data'), join(work, 'before')];
  copyOfTree(root);
  const chosen = new Set(chosenOf(obligations, only));
  const lastOfData = obligations.findLastIndex((one) => chosen.has(one) && one.commands.some(isOfProgram));
  const isGreen = new Map<string, boolean>();
  const runs = (command: string): boolean => {
    // On a machine that lacks what a command needs, nothing is shown with the feature either.
    if (isOfProgram(command) || !isGreen.has(command))
      isGreen.set(command, shownByCommand(command, [], { root, data, told: 'failures' }).verdict === 'shown');
    return isGreen.get(command)!;
  };
  let isAllRed = true;
  for (const [at, one] of obligations.entries()) {
    const mutation = chosen.has(one) ? MUTATIONS.find(({ obligation }) => obligation === one.obligation) : undefined;
    console.log(`\n== ${one.obligation}`);
    if (mutation !== undefined) again(data, before);
    const turnedRed = mutation === undefined ? null : turnsRed(mutation, one.commands, { root, data: before, told: 'nothing' });
    const leading = one.commands.filter((command) => command === mutation?.command || (isOfProgram(command) && at <= lastOfData));
    const green = new Map(leading.map((command) => [command, runs(command)] as const));
    if (mutation === undefined) continue;
    const tried = { turnedRed, isGreen: green.get(mutation.command)!, day: new Date().toISOString().slice(0, 10) };
    keepOnPage(one.obligation, tried);
    console.log(`${verdictOf(tried)}: ${mutation.without}`);
    isAllRed &&= isAsItShould(tried);
  }
  const failed = [...isGreen].filter(([, isOne]) => !isOne).map(([command]) => command);
  failed.forEach((command) => console.log(`fails without any mutation: ${command}`));
  return failed.length === 0 && isAllRed ? 0 : 1;
}

/** The data as they are now, once more. */
export function again(data: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  if (existsSync(data)) cpSync(data, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
}

/** Whether a command fails without its feature; `null` where the text to be taken away is not there once. */
export function turnsRed(mutation: Mutation, commands: readonly string[], checkout: Checkout): boolean | null {
  const path = join(checkout.root, mutation.file);
  const text = readFileSync(path, 'utf8');
  const changed = mutated(text, mutation);
  if (changed === null) return null;
  try {
    writeFileSync(path, changed);
    // What leads to the command: an erasure, before it is verified.
    const steps = commands.slice(0, commands.indexOf(mutation.command) + 1).filter((step) => step === mutation.command || isOfProgram(step));
    return steps.some((step) => shownByCommand(step, [], checkout, ['--bail', '1']).verdict !== 'shown');
  } finally {
    writeFileSync(path, text);
  }
}
