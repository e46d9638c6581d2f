/** Whether an error is of a class; what a topology throws may be a proxy that throws in its turn. */
export function isThrown<E>(error: unknown, type: abstract new (...args: never[]) => E): error is E {
  try {
    return error instanceof type;
  } catch {
    return false;
  }
}
