/** Looks from outside how far the tasks of topologies are on servers, in whatever processes they run, until they have taken what was there. */
import { setTimeout as sleep } from 'node:timers/promises';
import { endsOf, haveEnded, recordsBelow, type EndsWanted, type PartitionEnds } from '../../runtime/replay/catchingUp.js';
import type { InputKind, NumberedGraph } from '../../runtime/replay/positions.js';
import type { ReplayView } from '../../runtime/replay/replayPlace.js';
import type { SourceEnds } from '../../runtime/replay/replayState.js';
import { physicalTopicName } from '../../schemas/index.js';
import { printJson } from './output.js';
import { ProgressLine } from './progressLine.js';

/** How it is shown. */
export interface CatchUpShown {
  /** Such as `replaying sums@2`. */
  readonly what: string;
  readonly json: boolean;
}

/** What one version had to take, as of one look. */
interface Goal {
  readonly graph: NumberedGraph;
  readonly ends: PartitionEnds;
}

const LOOK_MS = 1_000;

/** Whether tasks have caught up, with a line of progress. */
export class CatchUp {
  /** Records of the sources that were taken since the first look. */
  taken = 0;
  private readonly line: ProgressLine;

  /**
   * @param graphs - of the versions that are to catch up
   * @param shown - `null` shows nothing
   */
  constructor(
    private readonly place: ReplayView,
    private readonly graphs: readonly NumberedGraph[],
    private readonly shown: CatchUpShown | null,
  ) {
    this.line = new ProgressLine(shown?.json ?? true);
  }

  /**
   * Resolves when all is taken that was in the log at the call, and what that caused: `true`; or with `false` after `stopped`. As often as
   * there are subtopologies it looks again, at what they have written for each other meanwhile.
   */
  async toEnds(stopped: AbortSignal): Promise<boolean> {
    const looks = this.graphs.reduce((total, { subtopologies }) => total + subtopologies.length, 0);
    let reached = false;
    for (let look = 0; look < looks && !stopped.aborted; look++) {
      reached = await this.reach(look === 0 ? await this.goals('sources') : await this.goalsBetween(), stopped, look === 0);
      // What has just been committed may take a moment until it can be seen.
      if (look < looks - 1) await pause(stopped);
    }
    return reached && !stopped.aborted;
  }

  /** Resolves when every task is at the end of its input for good: `true`; or with `false` after `stopped`. @param ends - of the sources */
  async toEndOfInput(ends: SourceEnds, stopped: AbortSignal): Promise<boolean> {
    const [graph] = this.graphs as readonly [NumberedGraph];
    const goal = { graph, ends: await endsOf(this.place, graph, 'sources', { most: ends }) };
    let first: number | null = null;
    for (;;) {
      const left = await this.look([goal]);
      first ??= left;
      this.taken = first - left;
      if (await haveEnded(this.place, graph)) return true;
      await pause(stopped);
      if (stopped.aborted) return false;
    }
  }

  private goals(kind: InputKind, wanted?: EndsWanted): Promise<Goal[]> {
    return Promise.all(this.graphs.map(async (graph) => ({ graph, ends: await endsOf(this.place, graph, kind, wanted) })));
  }

  /** What they read of each other: others may go on writing for ever. */
  private async goalsBetween(): Promise<Goal[]> {
    const sinks = this.graphs.flatMap(({ subtopologies }) => subtopologies.flatMap((one) => one.sinks));
    const written = new Set(sinks.map(({ topic }) => physicalTopicName(this.place.region, topic)));
    return [...(await this.goals('internal')), ...(await this.goals('sources', { isWanted: (topic) => written.has(topic) }))];
  }

  private async reach(goals: readonly Goal[], stopped: AbortSignal, counts: boolean): Promise<boolean> {
    let first: number | null = null;
    for (;;) {
      const left = await this.look(goals);
      first ??= left;
      if (counts) this.taken = first - left;
      if (left === 0) return true;
      await pause(stopped);
      if (stopped.aborted) return false;
    }
  }

  /** Records that are left. */
  private async look(goals: readonly Goal[]): Promise<number> {
    let [left, total] = [0, 0];
    for (const { graph, ends } of goals) {
      left += await recordsBelow(this.place, graph, ends);
      total += ends.records;
    }
    this.show(total - left, total);
    return left;
  }

  private show(done: number, total: number): void {
    if (this.shown === null) return;
    this.line.update({ what: this.shown.what, done, total, unit: 'records' });
    if (this.shown.json) printJson({ progress: { done, total } });
  }
}

const pause = (stopped: AbortSignal): Promise<void> => sleep(LOOK_MS, undefined, { signal: stopped }).catch(() => undefined);
