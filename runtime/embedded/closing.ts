/** Closes an environment, also one whose last transaction failed. */
import { closeFiles, type Environment } from './environment.js';

const PATIENCE_MS = 2000;

/**
 * After a failure lmdb waits for ever for the flush of the failed transaction. An empty transaction, which writes nothing, makes it
 * forget that one. Where even that gets no answer (LMDB gives up for good after a failed write of its head) the environment stays
 * mapped until the process ends: closing it would block on a lock that LMDB's thread left behind.
 */
export async function closeEnvironment(environment: Environment, failed: boolean): Promise<void> {
  if (!failed) return closeFiles(environment);
  const answered = await within(
    environment.root
      .batch(() => undefined)
      .then(
        () => true,
        () => true,
      ),
  );
  if (answered === true) await within(closeFiles(environment));
}

async function within<T>(work: Promise<T>): Promise<T | null> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<null>((resolve) => (timer = setTimeout(resolve, PATIENCE_MS, null)));
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
