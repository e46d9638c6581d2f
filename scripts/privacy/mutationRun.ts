/** Tries the mutations of the compliance matrix in a copy of the tree, and writes docs/reference/compliance-mutations.md. */
import { cpSync, existsSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { packageRoot } from '../../schemas/index.js';
import { MUTATIONS, type Mutation } from './mutations.js';
import { succeeds, type Checkout, type Obligation } from './obligations.js';

/** What a command must do without the feature that it shows: fail. */
export interface Tried {
  readonly mutation: Mutation;
  /** `null` where the text to be taken away is not there once. */
  readonly turnedRed: boolean | null;
  readonly seconds: number;
}

/** What a copy of the tree does without: it is made by others, or not needed to run it. */
const LEFT_OUT: ReadonlySet<string> = new Set(['.git', 'dist', 'node_modules', '.skillforge', '.venv', 'coverage']);

/** Copies the tree, as it lies there, into a folder; packages are those of the tree. */
function copyOfTree(to: string): void {
  const root = packageRoot();
  cpSync(root, to, { recursive: true, filter: (path) => path === root || !LEFT_OUT.has(basename(path)) });
  symlinkSync(join(root, 'node_modules'), join(to, 'node_modules'));
}

/** A text with a part taken away or exchanged; `null` where the part does not stand in it exactly once. */
export function mutated(text: string, { find, replacement }: Pick<Mutation, 'find' | 'replacement'>): string | null {
  const parts = text.split(find);
  return parts.length === 2 ? parts.join(replacement) : null;
}

/**
 * Goes through the obligations in their order: tries each mutation on the data as they are before the commands of its obligation, then runs what leads on without it:
 * the commands that change the data, and the one that has just failed, which has to succeed now.
 * @param work - an empty folder. @returns 0 where every command succeeded, and none did without its feature
 */
export function tryMutations(obligations: readonly Obligation[], work: string): number {
  const [root, data, before] = [join(work, 'tree'), join(work, 'data'), join(work, 'before')];
  copyOfTree(root);
  const tried: Tried[] = [];
  const isGreen = new Map<string, boolean>();
  for (const { obligation, commands } of obligations) {
    const mutation = MUTATIONS.find((one) => one.obligation === obligation);
    console.log(`\n== ${obligation}`);
    if (mutation !== undefined) {
      again(data, before);
      tried.push(tryOne(mutation, commands, { root, data: before, isTold: false }));
      console.log(`${verdictOf(tried.at(-1)!)}: ${mutation.without}`);
    }
    for (const command of commands.filter((one) => one === mutation?.command || isOfProgram(one))) {
      if (isOfProgram(command) || !isGreen.has(command)) isGreen.set(command, succeeds(command, { root, data, isTold: false }));
    }
  }
  writeFileSync(mutationPagePath(), mutationPage(tried));
  const failed = [...isGreen].filter(([, isOne]) => !isOne).map(([command]) => command);
  failed.forEach((command) => console.log(`fails without any mutation: ${command}`));
  return failed.length === 0 && tried.every(({ turnedRed }) => turnedRed === true) ? 0 : 1;
}

const isOfProgram = (command: string): boolean => command.startsWith('skillforge ');

/** The data as they are now, once more. */
function again(data: string, copy: string): void {
  rmSync(copy, { recursive: true, force: true });
  if (existsSync(data)) cpSync(data, copy, { recursive: true, filter: (path) => !path.endsWith('.sock') });
}

function tryOne(mutation: Mutation, commands: readonly string[], checkout: Checkout): Tried {
  const path = join(checkout.root, mutation.file);
  const text = readFileSync(path, 'utf8');
  const changed = mutated(text, mutation);
  if (changed === null) return { mutation, turnedRed: null, seconds: 0 };
  const startMs = performance.now();
  try {
    writeFileSync(path, changed);
    // What leads to the command: an erasure, before it is verified.
    const steps = commands.slice(0, commands.indexOf(mutation.command) + 1).filter((step) => step === mutation.command || isOfProgram(step));
    const turnedRed = steps.some((step) => !succeeds(step.startsWith('npx vitest') ? `${step} --bail 1` : step, checkout));
    return { mutation, turnedRed, seconds: (performance.now() - startMs) / 1000 };
  } finally {
    writeFileSync(path, text);
  }
}

const verdictOf = ({ turnedRed }: Tried): string =>
  turnedRed === null ? 'NOT TRIED, the text is not there once' : turnedRed ? 'red' : 'STILL GREEN';

const INTRODUCTION = `# Mutations of the compliance matrix

<!-- Written by "npm run compliance -- --mutations": run it again. -->

Each command of the [compliance matrix](compliance.md) shows a feature. Here is what came of taking the feature away, in a copy of the tree, and running the command: it has to fail. The changes are in
\`scripts/privacy/mutations.ts\`.`;

/** The page of what was tried last. */
export function mutationPage(tried: readonly Tried[]): string {
  const rows = tried.map((one) => {
    const { obligation, without, file, command } = one.mutation;
    return `| ${obligation} | ${without} | \`${file}\` | \`${command}\` | ${verdictOf(one)} |`;
  });
  const red = tried.filter(({ turnedRed }) => turnedRed === true).length;
  const heading = '| obligation | without the feature | where | command | it is |\n|---|---|---|---|---|';
  return `${INTRODUCTION}\n\n${heading}\n${rows.join('\n')}\n\n${red} of ${tried.length} turn their command red.\n`;
}

/** Where the page lies. */
export const mutationPagePath = (): string => join(packageRoot(), 'docs', 'reference', 'compliance-mutations.md');
