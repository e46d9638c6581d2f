/** `--from` and `--to` of replays. */
import { InvalidArgumentError, type Command } from 'commander';
import { describe } from '../../operators/graph.js';
import type { Topology } from '../../operators/topology.js';
import type { EventRange } from '../../runtime/replay/replayState.js';
import { retentionNeeds } from '../topology/retention.js';
import { usageError } from './failures.js';

/** What a command is told of a range. */
export interface RangeOptions {
  /** ms since epoch. */
  readonly from?: number;
  readonly to?: number;
}

/** Gives a command both. */
export function withRange(command: Command): Command {
  return command
    .option('--from <time>', 'only results from this event time on, such as 2025-09-01 (UTC)', instant)
    .option('--to <time>', 'with --from: up to this event time, which is not in the range', instant);
}

/** Parser of instants (UTC), to ms since epoch. */
export function instant(text: string): number {
  const timeMs = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?Z)?$/.test(text) ? Date.parse(text) : NaN;
  if (Number.isFinite(timeMs)) return timeMs;
  throw new InvalidArgumentError('Give a day such as 2025-09-01, or an instant such as 2025-09-01T06:00Z.');
}

/**
 * The range that options name, with where reading has to begin so that its windows are whole: from the beginning where state has no end.
 * `null` for none.
 */
export function rangeOf(topology: Topology, { from, to }: RangeOptions): EventRange | null {
  if (from === undefined && to === undefined) return null;
  if (from === undefined || to === undefined || from >= to) throw usageError('give --from and --to together, the earlier one first');
  const needs = retentionNeeds(describe(topology));
  const isEndless = needs.some(({ endless }) => endless.length > 0);
  return { fromMs: from, toMs: to, readFromMs: isEndless ? null : from - Math.max(0, ...needs.map(({ neededMs }) => neededMs)) };
}
