/** Waits for something that may take too long. */
import { setTimeout as sleep } from 'node:timers/promises';

/** What a promise resolves to, or `late` where that takes longer than patience, ms; the work goes on. @throws what it rejects with in time */
export async function inTime<T, L>(work: Promise<T>, patienceMs: number, late: L): Promise<T | L> {
  const end = new AbortController();
  try {
    return await Promise.race([work, sleep(patienceMs, late, { signal: end.signal, ref: false })]);
  } finally {
    end.abort();
  }
}
