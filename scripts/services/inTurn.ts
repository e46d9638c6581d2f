/** Work that must not be done by two callers at a time. */

/** @returns what does one piece of work after the other, in the order of the calls; a failure is its caller's alone */
export function inTurn(): <T>(work: () => Promise<T>) => Promise<T> {
  let last: Promise<unknown> = Promise.resolve();
  return (work) => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
}
