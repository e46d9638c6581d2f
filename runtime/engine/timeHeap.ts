/** Adds to a binary heap of times, the least first. @see J. W. J. Williams, "Algorithm 232: Heapsort" (1964) */
export function pushTime(heap: number[], time: number): void {
  let index = heap.push(time) - 1;
  while (index > 0) {
    const parent = (index - 1) >> 1;
    if (heap[parent]! <= time) break;
    heap[index] = heap[parent]!;
    index = parent;
  }
  heap[index] = time;
}

/** Takes the least time off; the heap must not be empty. */
export function popTime(heap: number[]): void {
  const moved = heap.pop()!;
  if (heap.length === 0) return;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && heap[child + 1]! < heap[child]!) child++;
    if (heap[child]! >= moved) break;
    heap[index] = heap[child]!;
    index = child;
  }
  heap[index] = moved;
}
