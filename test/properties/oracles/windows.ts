/** Windows as sets: an event of time t is in [s, s + size) when s <= t < s + size. */
import type { Event, Line } from '../../operators/pipelines.js';
import { summaryOf } from './summary.js';
import type { Arrived, Turn } from './time.js';

export interface WindowSpec {
  readonly sizeMs: number;
  readonly advanceMs: number;
  readonly graceMs: number;
}

interface Bounds {
  readonly startMs: number;
  readonly endMs: number;
}

const holds = ({ startMs, endMs }: Bounds, timeMs: number): boolean => startMs <= timeMs && timeMs < endMs;

/** The windows [k * advance, k * advance + size) that hold a time, the earliest first. */
export function windowsOf(timeMs: number, { sizeMs, advanceMs }: WindowSpec): Bounds[] {
  const windows: Bounds[] = [];
  for (let k = Math.floor(timeMs / advanceMs); holds({ startMs: k * advanceMs, endMs: k * advanceMs + sizeMs }, timeMs); k--) {
    windows.unshift({ startMs: k * advanceMs, endMs: k * advanceMs + sizeMs });
  }
  return windows;
}

const isOpen = (window: Bounds, { graceMs }: WindowSpec, watermarkMs: number): boolean => watermarkMs < window.endMs + graceMs;

/** The events of a window: those of its time that met it open. */
const contentOf = (window: Bounds, events: readonly Arrived[], spec: WindowSpec): Arrived[] =>
  events.filter((event) => holds(window, event.atMs) && isOpen(window, spec, event.watermarkMs));

const result = ({ startMs, endMs }: Bounds, final: boolean, content: readonly Arrived[]) => ({
  window: { startMs, endMs },
  final,
  value: summaryOf(content),
});

/** Windows that hold any of the events, by end. */
function allWindows(events: readonly Arrived[], spec: WindowSpec): Bounds[] {
  const byEnd = new Map(events.flatMap((event) => windowsOf(event.atMs, spec).map((window) => [window.endMs, window])));
  return [...byEnd.values()].sort((a, b) => a.endMs - b.endMs);
}

/** One final result for each window of a key with content, in order of their ends. */
export function onClose(key: string, events: readonly Arrived[], spec: WindowSpec): Line[] {
  return allWindows(events, spec).flatMap((window): Line[] => {
    const content = contentOf(window, events, spec);
    return content.length === 0 ? [] : [[key, window.endMs - 1, result(window, true, content)]];
  });
}

/** For each event, each window that it met open, with the content so far. */
export function onUpdate(key: string, events: readonly Arrived[], spec: WindowSpec): Line[] {
  return events.flatMap((event, index) => {
    const open = windowsOf(event.atMs, spec).filter((window) => isOpen(window, spec, event.watermarkMs));
    return open.map((window): Line => [key, event.atMs, result(window, false, contentOf(window, events.slice(0, index + 1), spec))]);
  });
}

/** What the late route gets: each event some of whose windows had closed. */
export function late(key: string, events: readonly Arrived[], spec: WindowSpec, operator: string): Line[] {
  return events.flatMap((event): Line[] => {
    const windows = windowsOf(event.atMs, spec);
    const closed = windows.filter((window) => !isOpen(window, spec, event.watermarkMs));
    return closed.length === 0 ? [] : [lateLine(key, event, operator, [closed.length, windows.length])];
  });
}

/** What a late route gets of an event. */
export function lateLine(key: string, event: Arrived, operator: string, [closedWindows, windows]: readonly [number, number] = [1, 1]): Line {
  const { watermarkMs, key: own, atMs, n, tag } = event;
  return [key, atMs, { value: { key: own, atMs, n, tag }, operator, watermarkMs, closedWindows, windows }];
}

/** Several sizes over one advance: a result for each end for which the largest window has content. */
export function windowSetOnClose(key: string, events: readonly Arrived[], sizesMs: Readonly<Record<string, number>>, spec: WindowSpec): Line[] {
  return onClose(key, events, spec).map(([, timestamp]): Line => {
    const endMs = timestamp + 1;
    const windows = Object.entries(sizesMs).map(([name, sizeMs]) => {
      const window = { startMs: endMs - sizeMs, endMs };
      const value = summaryOf(contentOf(window, events, spec));
      return [name, value === null ? null : { ...window, value }] as const;
    });
    return [key, timestamp, { endMs, final: true, windows: Object.fromEntries(windows) }];
  });
}

interface Asked {
  readonly atMs: number;
  /** Event time of the earliest change. */
  readonly fromMs: number;
}

/**
 * Interval emission of one key over the turns of its task, without the final results: the first record after a publication asks for
 * the next one, at the end of the interval that holds its event time, or the watermark where that is later. Out go the windows that end
 * after the earliest record since, as far as they are still open.
 */
export function onInterval(key: string, turns: readonly Turn<Event>[], spec: WindowSpec, intervalMs: number): Line[] {
  const lines: Line[] = [];
  const events: Arrived[] = [];
  let asked: Asked | null = null;
  for (const { event, watermarkMs } of turns) {
    if (asked !== null && asked.atMs <= watermarkMs) {
      lines.push(...published(key, asked, events, spec));
      asked = null;
    }
    if (openWindows(events, spec, watermarkMs).length === 0) asked = null;
    if (event?.key !== key || windowsOf(event.atMs, spec).every((window) => !isOpen(window, spec, watermarkMs))) continue;
    events.push({ ...event, watermarkMs });
    asked = askedAfter(asked, event.atMs, watermarkMs, intervalMs);
  }
  return lines;
}

function askedAfter(asked: Asked | null, eventMs: number, watermarkMs: number, intervalMs: number): Asked {
  const intervalEndMs = (Math.floor(Math.max(eventMs, watermarkMs) / intervalMs) + 1) * intervalMs;
  return { atMs: asked?.atMs ?? intervalEndMs, fromMs: Math.min(asked?.fromMs ?? eventMs, eventMs) };
}

function published(key: string, { atMs, fromMs }: Asked, events: readonly Arrived[], spec: WindowSpec): Line[] {
  const due = openWindows(events, spec, atMs).filter((window) => window.endMs > fromMs);
  return due.map((window): Line => [key, atMs - 1, result(window, false, contentOf(window, events, spec))]);
}

/** Windows with content that are still to close. */
const openWindows = (events: readonly Arrived[], spec: WindowSpec, watermarkMs: number): Bounds[] =>
  allWindows(events, spec).filter((window) => isOpen(window, spec, watermarkMs) && contentOf(window, events, spec).length > 0);

/** Whether an event counts in its sliding windows: late is what comes when watermark > t + grace. */
export const isInTime = ({ atMs, watermarkMs }: Arrived, graceMs: number): boolean => watermarkMs <= atMs + graceMs;

/** The windows (t - size, t] of every distinct event time t of a key. */
export function slidingOnClose(key: string, events: readonly Arrived[], { sizeMs, graceMs }: Omit<WindowSpec, 'advanceMs'>): Line[] {
  const inTime = events.filter((event) => isInTime(event, graceMs));
  const times = [...new Set(inTime.map((event) => event.atMs))].sort((a, b) => a - b);
  return times.map((t): Line => {
    const content = inTime.filter((event) => t - sizeMs < event.atMs && event.atMs <= t);
    return [key, t, result({ startMs: t - sizeMs + 1, endMs: t + 1 }, true, content)];
  });
}
