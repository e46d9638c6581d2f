/** Asks again and again, but not while nobody looks, and less often while there is no answer. */

const EVERY_MS = 1000;
const AFTER_FAILURE_MS = 4000;

/**
 * @param {() => Promise<void>} ask
 * @param {(works: boolean) => void} onOutcome
 * @returns {() => void} asks now
 */
export function startPolling(ask, onOutcome) {
  /** @type {number | undefined} */
  let timer;
  let asking = false;
  let again = false;

  const round = async () => {
    window.clearTimeout(timer);
    if (document.hidden) return;
    if (asking) {
      again = true;
      return;
    }
    asking = true;
    const works = await ask().then(
      () => true,
      () => false,
    );
    asking = false;
    onOutcome(works);
    if (again) {
      again = false;
      void round();
    } else timer = window.setTimeout(round, works ? EVERY_MS : AFTER_FAILURE_MS);
  };

  document.addEventListener('visibilitychange', () => void round());
  void round();
  return () => void round();
}
