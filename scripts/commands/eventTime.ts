/** When a record happened, as tools see it. */
import { readHeader } from '../../runtime/engine/header.js';
import type { LogRecord } from '../../runtime/ports.js';

/** Where the values of the catalogue's topics hold their event time. */
export const EVENT_TIME_FIELDS = ['occurredAtMs', 'updatedAtMs', 'madeAtMs', 'timestampMs'];

/** The event time of a record, ms: from the header of the task that wrote it, else from its value; `null` where neither tells. */
export function eventTimeOf({ header }: Pick<LogRecord, 'header'>, value: unknown): number | null {
  const written = readHeader(header);
  if (written !== null) return !written.marker && Number.isFinite(written.eventTimeMs) ? written.eventTimeMs : null;
  const fields = (value ?? {}) as Readonly<Record<string, unknown>>;
  const times = EVENT_TIME_FIELDS.map((name) => fields[name]);
  return times.find((time) => typeof time === 'number') ?? null;
}
