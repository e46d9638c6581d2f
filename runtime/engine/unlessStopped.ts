/**
 * What the work gives; rejects with the signal's reason as soon as that speaks, whatever becomes of the work. The signal of a worker that
 * runs for months is asked thousands of times: nothing stays behind on it.
 */
export function unlessStopped<T>(work: Promise<T>, stopped: AbortSignal | undefined): Promise<T> {
  if (stopped === undefined) return work;
  return new Promise((resolve, reject) => {
    const stop = (): void => reject(stopped.reason as Error);
    const over = (): void => stopped.removeEventListener('abort', stop);
    if (stopped.aborted) stop();
    else stopped.addEventListener('abort', stop, { once: true });
    work
      .then(resolve, reject)
      .finally(over)
      .catch(() => undefined);
  });
}
