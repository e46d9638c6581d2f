/** Sessions as chains of events with steps of at most the gap. */
import type { Line } from '../../operators/pipelines.js';
import { summaryOf } from './summary.js';
import type { Arrived } from './time.js';
import { lateLine } from './windows.js';

export interface SessionSpec {
  readonly gapMs: number;
  readonly graceMs: number;
}

/** The chains of a sorted list. */
export function chainsOf(sorted: readonly Arrived[], gapMs: number): Arrived[][] {
  const chains: Arrived[][] = [];
  for (const event of sorted) {
    const previous = chains.at(-1);
    if (previous !== undefined && event.atMs - previous.at(-1)!.atMs <= gapMs) previous.push(event);
    else chains.push([event]);
  }
  return chains;
}

/** Each session of a key: the window [first, last + 1), at the time of its last event. */
export function sessionsOnClose(key: string, chains: readonly (readonly Arrived[])[]): Line[] {
  return chains.map((chain): Line => {
    const endMs = chain.at(-1)!.atMs + 1;
    return [key, endMs - 1, { window: { startMs: chain[0]!.atMs, endMs }, final: true, value: summaryOf(chain) }];
  });
}

/**
 * Sessions when some events come too late. A session closes when watermark > last + gap + grace, an event after that starts one of its
 * own if it may still, and is late if it may not: when watermark > t + gap + grace and no open session is near.
 */
export function sessionsWithLate(key: string, events: readonly Arrived[], { gapMs, graceMs }: SessionSpec): { results: Line[]; late: Line[] } {
  const closed: Arrived[][] = [];
  const late: Line[] = [];
  let open: Arrived[] = [];
  const isOver = (atMs: number, watermarkMs: number): boolean => watermarkMs > atMs + gapMs + graceMs;
  for (const event of events) {
    const chains = chainsOf(open, gapMs);
    closed.push(...chains.filter((chain) => isOver(chain.at(-1)!.atMs, event.watermarkMs)));
    open = chains.filter((chain) => !isOver(chain.at(-1)!.atMs, event.watermarkMs)).flat();
    const isNear = open.some((other) => Math.abs(other.atMs - event.atMs) <= gapMs);
    if (isOver(event.atMs, event.watermarkMs) && !isNear) late.push(lateLine(key, event, 'sessions'));
    else open = [...open, event].sort((a, b) => a.atMs - b.atMs);
  }
  return { results: sessionsOnClose(key, [...closed, ...chainsOf(open, gapMs)]), late };
}
