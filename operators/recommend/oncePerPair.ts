/**
 * What is made of two objects, once for each pair of them and for as long as both live: the decisions of a process share decoded records and
 * models, and none changes them.
 */
export function oncePerPair<A extends object, B extends object, R extends readonly unknown[], T extends object>(
  make: (one: A, other: B, ...rest: R) => T,
): (one: A, other: B, ...rest: R) => T {
  const made = new WeakMap<A, WeakMap<B, T>>();
  return (one, other, ...rest) => {
    let ofOne = made.get(one);
    if (ofOne === undefined) made.set(one, (ofOne = new WeakMap()));
    let known = ofOne.get(other);
    if (known === undefined) ofOne.set(other, (known = make(one, other, ...rest)));
    return known;
  };
}
