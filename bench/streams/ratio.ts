/** Both sides in turn on one topic, with equal guarantees. */
import type { Guarantee } from '../../runtime/cluster/index.js';
import { progress } from '../report.js';
import { foldedAlone, type BenchClick } from './clicks.js';
import { differences, type Dataset } from './dataset.js';
import type { JavaProgram } from './jars.js';
import { runOurs, runPeer, type RunCost, type RunOptions } from './sides.js';

export const WINDOW_DAYS = 7;

/** The medians of the runs of one side. */
export interface SideResult {
  readonly eventsPerSecond: number;
  /** Of all its processes, without the servers. */
  readonly cpuSecondsPerMillion: number;
  readonly peakMb: number;
  /** Records that each run wrote. */
  readonly outputs: readonly number[];
}

/** Both sides with one guarantee. */
export interface RatioResult {
  readonly guarantee: Guarantee;
  readonly ours: SideResult;
  readonly peer: SideResult;
  /** Of the rates. */
  readonly ratio: number;
  /** Of the processor time that an event takes the peer and this project. */
  readonly cpuRatio: number;
}

/** Runs one side once, and checks its results against a plain fold. @throws when they differ */
export type CheckedRun = (run: string, work: () => Promise<RunCost>) => Promise<{ readonly cost: RunCost; readonly outputs: number }>;

/** Checks the runs over a dataset. */
export function checkedRuns(dataset: Dataset, clicks: readonly BenchClick[]): CheckedRun {
  const expected = foldedAlone(clicks, WINDOW_DAYS);
  return async (run, work) => {
    progress(`${run}: running`);
    const cost = await work();
    const results = await dataset.takeResults(run);
    const different = differences(expected, results);
    if (different > 0) throw new Error(`${run}: ${different} of ${expected.size} windows differ from a plain fold over the clicks`);
    progress(
      `${run}: ${cost.seconds.toFixed(1)} s, ${cost.cpuSeconds.toFixed(1)} s of processor time, ${results.outputs} outputs, all windows right`,
    );
    return { cost, outputs: results.outputs };
  };
}

/** The sides in turn, so that what else the machine does meets both. */
export async function ratioOf(dataset: Dataset, checked: CheckedRun, java: JavaProgram, guarantee: Guarantee, runs: number): Promise<RatioResult> {
  const sides: Record<'ours' | 'peer', { cost: RunCost; outputs: number }[]> = { ours: [], peer: [] };
  for (let nth = 1; nth <= runs; nth++) {
    const options = (side: string): RunOptions => ({ run: `${side}-${guarantee}-${nth}`, guarantee, windowDays: WINDOW_DAYS, width: 1 });
    const [peer, ours] = [options('peer'), options('ours')];
    sides.peer.push(await checked(peer.run, () => runPeer(dataset, java, peer)));
    sides.ours.push(await checked(ours.run, () => runOurs(dataset, ours, 'second')));
  }
  const [ours, peer] = [sideResult(dataset.count, sides.ours), sideResult(dataset.count, sides.peer)];
  const ratio = ours.eventsPerSecond / peer.eventsPerSecond;
  return { guarantee, ours, peer, ratio, cpuRatio: peer.cpuSecondsPerMillion / ours.cpuSecondsPerMillion };
}

function sideResult(events: number, runs: readonly { readonly cost: RunCost; readonly outputs: number }[]): SideResult {
  const costs = runs.map(({ cost }) => cost);
  return {
    eventsPerSecond: events / median(costs.map(({ seconds }) => seconds)),
    cpuSecondsPerMillion: cpuPerMillion(median(costs.map(({ cpuSeconds }) => cpuSeconds)), events),
    peakMb: median(costs.map(({ peakMb }) => peakMb)),
    outputs: runs.map(({ outputs }) => outputs),
  };
}

export const cpuPerMillion = (cpuSeconds: number, events: number): number => (cpuSeconds * 1e6) / events;

export const median = (values: readonly number[]): number => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
