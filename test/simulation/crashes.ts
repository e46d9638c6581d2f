/** Runs a replay in children that are killed with SIGKILL, and counts how many of them died inside a commit. */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { compileTree } from '../fixtures/compiledTree.js';
import type { SeededRandom } from '../../scripts/synthetic/index.js';
import { readCounts } from './commitMarks.js';
import type { ReplayReport, ReplayRequest } from './replayChild.js';

export interface CrashCounts {
  kills: number;
  /** Kills while a transaction with commits of tasks was under way: begun, and not seen to end. */
  insideCommit: number;
  /** Kills before the first commit of the child: while it started and recovered. */
  whileStarting: number;
  /** Children that found a folder which a killed one had left. */
  restarts: number;
}

export const noCrashes = (): CrashCounts => ({ kills: 0, insideCommit: 0, whileStarting: 0, restarts: 0 });

/** Transactions of a child before a kill that aims at one, at most; there are fewer while the last windows close. */
const MOST_COMMITS = { 'until-end': 24, 'end-of-input': 5 };
/** From the start of a process to a kill while it starts, at most. */
const LONGEST_START_MS = 600;
/** From the first commit of a process to a kill at any instant, at most. */
const LONGEST_WORK_MS = 300;
/** How long the file is watched without a pause, so that the kill meets the transaction that was seen to begin. */
const WATCH_MS = 100;

/** Compiles what the children run. @returns the tree to start them from */
export const compileReplay = (): Promise<string> => compileTree('test/simulation/replayChild.ts', 'test/simulation/replayThread.ts');

/** Starts a compiled child on a request. @param limit - shell commands before, such as `ulimit -f 100` */
export function startReplay(tree: string, request: ReplayRequest, limit?: string): ChildProcess {
  const node = ['--enable-source-maps', join(tree, 'test', 'simulation', 'replayChild.js'), JSON.stringify(request)];
  const [command, args] = limit === undefined ? [process.execPath, node] : ['bash', ['-c', `${limit}; exec "$0" "$@"`, process.execPath, ...node]];
  return spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

export interface Ended {
  readonly signal: string | null;
  readonly code: number | null;
  /** `null` when the child died before it could tell. */
  readonly report: ReplayReport | null;
  readonly errors: string;
}

export async function endOf(child: ChildProcess): Promise<Ended> {
  const texts = { stdout: '', stderr: '' };
  child.stdout!.on('data', (bytes: Buffer) => (texts.stdout += bytes.toString()));
  child.stderr!.on('data', (bytes: Buffer) => (texts.stderr += bytes.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, string | null];
  const line = texts.stdout.split('\n').find((text) => text.startsWith('{'));
  return { code, signal, report: line === undefined ? null : (JSON.parse(line) as ReplayReport), errors: texts.stderr };
}

/** Replays to the end without a disturbance. @throws when the child tells of an error, or dies */
export async function replayUndisturbed(tree: string, request: ReplayRequest): Promise<ReplayReport & { outcome: 'done' }> {
  const { report, errors, signal } = await endOf(startReplay(tree, request));
  if (report?.outcome === 'done') return report;
  throw new Error(`the replay ended with ${signal ?? JSON.stringify(report)} ${errors}`);
}

/**
 * Starts a replay and kills it: six times in ten within a commit, three times at any instant of its work, else at any instant of its
 * start. @returns whether it died; otherwise it had reached the end before. @throws when it ended in any other way
 */
export async function replayUntilKilled(tree: string, request: ReplayRequest, random: SeededRandom, counts: CrashCounts): Promise<boolean> {
  const marks = join(request.folder, 'marks');
  if (existsSync(marks)) counts.restarts++;
  writeFileSync(marks, '');
  const child = startReplay(tree, { ...request, marks });
  const ended = endOf(child);
  let over = false;
  void ended.then(() => (over = true));
  await instant(request, marks, random, () => over);
  child.kill('SIGKILL');
  const { signal, report, errors } = await ended;
  if (signal === 'SIGKILL') count(counts, marks);
  else if (report?.outcome !== 'done')
    throw new Error(`a child after ${counts.kills} kills ended with ${signal ?? JSON.stringify(report)} ${errors}`);
  return signal === 'SIGKILL';
}

function count(counts: CrashCounts, marks: string): void {
  const found = readCounts(marks);
  counts.kills++;
  if (found === null || found.begun === 0) counts.whileStarting++;
  else if (found.begun > found.ended) counts.insideCommit++;
}

async function instant({ mode }: ReplayRequest, marks: string, random: SeededRandom, isOver: () => boolean): Promise<void> {
  const kind = random.below(10);
  const commits = 1 + random.below(MOST_COMMITS[mode]);
  const part = random.unit();
  if (kind === 9) return sleep(part * LONGEST_START_MS);
  if (kind < 6) return aim(marks, commits, part, isOver);
  while (!isOver() && (readCounts(marks)?.begun ?? 0) === 0) await sleep(2);
  await sleep(part * LONGEST_WORK_MS);
}

/** Waits until the child has begun some transactions and is within one, and then for a part of a transaction's usual time. */
async function aim(marks: string, commits: number, part: number, isOver: () => boolean): Promise<void> {
  while (!isOver() && (readCounts(marks)?.ended ?? 0) < commits) await sleep(2);
  const startMs = performance.now();
  const inside = (): boolean => {
    const counts = readCounts(marks);
    return counts !== null && counts.begun > counts.ended;
  };
  while (!isOver() && !inside() && performance.now() - startMs < WATCH_MS);
  const killMs = performance.now() + 2 * part;
  while (performance.now() < killMs);
}
