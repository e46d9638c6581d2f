/** The payload that was read last, in a file: a run begins with it while file or server are away. */
import { remember, remembered } from '../remembered.js';
import type { ExperimentPayload } from './payload.js';

interface Remembered {
  readonly text: string;
  /** `null` for -Infinity. */
  readonly updatedAtMs: number | null;
}

/** `null` where nothing is remembered of this place. */
export function rememberedPayload(path: string, place: string): ExperimentPayload | null {
  const found = remembered<Remembered>(path, place);
  return found === null ? null : { text: found.text, updatedAtMs: found.updatedAtMs ?? -Infinity };
}

/** Remembers a payload, where the file can be written. */
export function rememberPayload(path: string, place: string, { text, updatedAtMs }: ExperimentPayload): void {
  const seen: Remembered = { text, updatedAtMs: Number.isFinite(updatedAtMs) ? updatedAtMs : null };
  remember(path, place, seen);
}
