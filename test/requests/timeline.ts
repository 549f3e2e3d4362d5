/** Events in the order of their times: a binary heap. Time passes from one event to the next. */
export class Timeline {
  private readonly heap: { atMs: number; number: number; happen: () => void }[] = [];
  private events = 0;

  constructor(public nowMs: number) {}

  at(atMs: number, happen: () => void): void {
    this.events += 1;
    this.heap.push({ atMs: Math.max(atMs, this.nowMs), number: this.events, happen });
    this.moveUp(this.heap.length - 1);
  }

  /** Lets all events of the next time happen. Returns false if there is none before the end. */
  advance(endMs: number): boolean {
    const first = this.heap[0];
    if (!first || first.atMs >= endMs) return false;
    this.nowMs = first.atMs;
    while (this.heap[0] && this.heap[0].atMs <= this.nowMs) this.removeFirst()?.happen();
    return true;
  }

  private removeFirst() {
    const [first] = this.heap;
    const last = this.heap.pop();
    if (last && this.heap.length > 0) {
      this.heap[0] = last;
      this.moveDown();
    }
    return first;
  }

  private moveUp(from: number): void {
    let index = from;
    while (index > 0) {
      const parent = Math.floor((index - 1) / 2);
      if (!this.isBefore(index, parent)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  private moveDown(): void {
    for (let index = 0; ; ) {
      const [left, right] = [2 * index + 1, 2 * index + 2];
      let first = index;
      if (left < this.heap.length && this.isBefore(left, first)) first = left;
      if (right < this.heap.length && this.isBefore(right, first)) first = right;
      if (first === index) return;
      this.swap(index, first);
      index = first;
    }
  }

  /** Events of the same time happen in the order in which they were added. */
  private isBefore(a: number, b: number): boolean {
    const [one, other] = [this.heap[a], this.heap[b]];
    if (!one || !other) return false;
    return one.atMs < other.atMs || (one.atMs === other.atMs && one.number < other.number);
  }

  private swap(a: number, b: number): void {
    const [one, other] = [this.heap[a], this.heap[b]];
    if (!one || !other) return;
    [this.heap[a], this.heap[b]] = [other, one];
  }
}
