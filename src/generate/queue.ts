/** What waits for its turn. */
export interface Waiting {
  readonly arrivalMs: number;
  /** Settles equal arrivals; must differ between entries. */
  readonly order: number;
}

/** Entries by arrival, the earliest first (a binary heap). */
export class ArrivalQueue<T extends Waiting> {
  private readonly heap: T[] = [];

  get size(): number {
    return this.heap.length;
  }

  /** Arrival of the earliest entry, Infinity if there is none. */
  get nextMs(): number {
    return this.heap[0]?.arrivalMs ?? Infinity;
  }

  push(entry: T): void {
    const heap = this.heap;
    let at = heap.length;
    heap.push(entry);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heap[parent]!;
      if (!before(entry, above)) break;
      heap[at] = above;
      at = parent;
    }
    heap[at] = entry;
  }

  /** Takes the earliest entry out. */
  pop(): T | undefined {
    const heap = this.heap;
    const first = heap[0];
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child += 1;
      const below = heap[child]!;
      if (!before(below, last)) break;
      heap[at] = below;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.arrivalMs < b.arrivalMs || (a.arrivalMs === b.arrivalMs && a.order < b.order);
}
