import type { OutputRecord } from '../ports.js';
import { HeaderWriter } from './header.js';

const HEADERS = new HeaderWriter({ name: 'clock', partition: 0, count: 1 });

/**
 * Clock markers: the promise of whoever writes a source topic to append no record of an event time before `timeMs` any more. One for each
 * partition, so that those without a record hold nobody up. They move clock and watermark of their partition to `timeMs`, with no lateness
 * taken off, and lie in the log: a replay finds them where they were.
 * @param topic - physical name
 */
export function clockMarkers(topic: string, partitions: number, timeMs: number): OutputRecord[] {
  // It stands behind all that is before `timeMs`, and before all that is not: no partition waits for another one's marker of the same time.
  const times = { eventTimeMs: timeMs, streamTimeMs: timeMs - 1, watermarkMs: timeMs };
  const header = HEADERS.marker(times, { idle: false, end: false });
  return Array.from({ length: partitions }, (_, partition) => ({ topic, partition, key: null, value: null, header }));
}
