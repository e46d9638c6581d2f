/** Operators that wait for a time: debounce, and the ticks of silent keys. */
import type { Event, Line } from '../../operators/pipelines.js';
import { groupedBy, type Arrived, type Turn } from './time.js';

const intervalEnd = ({ atMs }: Event, intervalMs: number): number => (Math.floor(atMs / intervalMs) + 1) * intervalMs;

/** Per interval [k * interval, (k + 1) * interval) of a sorted list, the last event: of those of the greatest time, the latest arrival. */
export function lastOfIntervals<E extends Event>(sorted: readonly E[], intervalMs: number): E[] {
  const intervals = groupedBy(sorted, (event) => String(intervalEnd(event, intervalMs)));
  return [...intervals.values()].map((events) => events.at(-1)!);
}

/** With late events: one whose interval has been published passes when it comes, the last of the others when its interval ends. */
export function debounced(events: readonly Arrived[], intervalMs: number): Arrived[] {
  const isLate = (event: Arrived): boolean => event.watermarkMs >= intervalEnd(event, intervalMs);
  const inTime = events.filter((event) => !isLate(event)).sort((a, b) => a.atMs - b.atMs);
  const held = lastOfIntervals(inTime, intervalMs).map((event) => ({ event, goesMs: intervalEnd(event, intervalMs) }));
  const late = events.filter(isLate).map((event) => ({ event, goesMs: event.watermarkMs }));
  return [...held, ...late].sort((a, b) => a.goesMs - b.goesMs).map(({ event }) => event);
}

export interface SilenceSpec {
  readonly everyMs: number;
  readonly forMs: number;
}

const tickLine = (key: string, value: Event, tick: number, everyMs: number): Line => {
  const { atMs, n, tag } = value;
  return [key, atMs + tick * everyMs, { tick, value: { key, atMs, n, tag } }];
};

/** Every event of a sorted list, and its ticks at t + n * every up to `forMs`, as long as no other event lies between. */
export function ticks(key: string, sorted: readonly Event[], { everyMs, forMs }: SilenceSpec): Line[] {
  return sorted.flatMap((event, index) => {
    const isLastOfItsTime = sorted[index + 1]?.atMs !== event.atMs;
    const nextMs = isLastOfItsTime ? (sorted[index + 1]?.atMs ?? Infinity) : -Infinity;
    const lines = [tickLine(key, event, 0, everyMs)];
    for (let n = 1; n * everyMs <= forMs && event.atMs + n * everyMs <= nextMs; n++) lines.push(tickLine(key, event, n, everyMs));
    return lines;
  });
}

/** An event whose n-th tick is next. */
interface Silence {
  readonly event: Event;
  readonly n: number;
}

/**
 * Ticks over the turns of a task: a tick goes out when the watermark reaches it. A late event starts ticks only where no later one is
 * known, and a key is forgotten when its ticks are over.
 */
export function ticksOf(key: string, turns: readonly Turn<Event>[], { everyMs, forMs }: SilenceSpec): Line[] {
  const lines: Line[] = [];
  let known: Event[] = [];
  let silences: Silence[] = [];
  const dueMs = ({ event, n }: Silence): number => event.atMs + n * everyMs;
  const isBroken = (silence: Silence): boolean => known.some(({ atMs }) => atMs > silence.event.atMs && atMs < dueMs(silence));
  const nextDue = (watermarkMs: number): Silence | undefined => {
    silences = silences.filter((one) => !isBroken(one));
    return silences.filter((one) => dueMs(one) <= watermarkMs).sort((a, b) => dueMs(a) - dueMs(b))[0];
  };
  for (const { event, watermarkMs } of turns) {
    for (let due = nextDue(watermarkMs); due !== undefined; due = nextDue(watermarkMs)) {
      const { event: last, n }: Silence = due;
      silences = silences.filter((one) => one !== due);
      if (n * everyMs <= forMs) lines.push(tickLine(key, last, n, everyMs));
      if (n * everyMs <= forMs) silences.push({ event: last, n: n + 1 });
      else known = known.filter(({ atMs }) => atMs > last.atMs);
    }
    if (event?.key !== key) continue;
    lines.push(tickLine(key, event, 0, everyMs));
    if (event.atMs < watermarkMs && silences.some((one) => one.event.atMs > event.atMs)) continue;
    const same = silences.find((one) => one.event.atMs === event.atMs);
    silences = [...silences.filter((one) => one !== same), { event, n: same?.n ?? 1 }];
    known = [...known, event];
  }
  return lines;
}
