/** True when the first of two comes before the second. */
export type Precedes<T> = (a: T, b: T) => boolean;

/** Adds to a binary heap, the least first. @see J. W. J. Williams, "Algorithm 232: Heapsort" (1964) */
export function pushHeap<T>(heap: T[], item: T, precedes: Precedes<T>): void {
  let index = heap.push(item) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (!precedes(item, heap[parent]!)) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = item;
}

/** Takes the least off; the heap must not be empty. */
export function popHeap<T>(heap: T[], precedes: Precedes<T>): void {
  const moved = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && precedes(heap[child + 1]!, heap[child]!)) child++;
    if (!precedes(heap[child]!, moved)) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = moved;
}

/** The order of times. */
export const earlier: Precedes<number> = (a, b) => a < b;
