/** What the quota of getReportDocument, the narrowest of all, allows for one seller. */
export interface DocumentQuota {
  /** Whole calls possible now. */
  available(): number;
  /** Epoch milliseconds when that many calls, one by default, will have become possible. */
  nextAvailableMs(calls?: number): number;
  /** Calls possible from now until then. */
  possibleUntil(epochMs: number): number;
}

/** The properties of a document that the scheduler needs. */
export interface SchedulableDocument {
  key: string;
  sellerId: string;
  /** Whether it takes a call of getReportDocument; a cancelled report has no document. */
  needsQuota: boolean;
  /** Whether nothing else may run beside it: it may be what crashed the program. */
  runsAlone: boolean;
}

export interface SchedulerLimits {
  /** Documents that are fetched and converted at the same time. */
  maxConcurrent: number;
  /** Epoch milliseconds. What the quota would only allow later is deferred. */
  deadlineMs: number;
}

/** What to do now, and when to ask again if nothing else happens. */
export interface SchedulerDecision<D> {
  start: D[];
  /** To be given back without an attempt; `delayMs`: until the quota allows it. */
  defer: { document: D; delayMs: number }[];
  /** Epoch milliseconds; Infinity if only an event can change the decision. */
  wakeAtMs: number;
}

/**
 * Decides which documents may start. Sellers take turns, each within its quota. Pure: it reads the
 * clock and the quota that it is given, starts nothing by itself and never waits. The caller acts
 * on `decide()` after each `add`, `located` and `finished`, and at `wakeAtMs`.
 */
export class DocumentScheduler<D extends SchedulableDocument> {
  /** Documents that wait, by seller, in the order of the sellers' turns. */
  private readonly waiting = new Map<string, D[]>();
  /** Documents that run; `isLocating` until their call of getReportDocument has been made. */
  private readonly running = new Map<string, { sellerId: string; isLocating: boolean; runsAlone: boolean }>();

  constructor(
    private readonly limits: SchedulerLimits,
    private readonly quotaOf: (sellerId: string) => DocumentQuota,
    private readonly nowMs: () => number,
  ) {}

  add(document: D): void {
    const { sellerId } = document;
    this.waiting.set(sellerId, [...(this.waiting.get(sellerId) ?? []), document]);
  }

  /**
   * Decides what starts now. With `isStopping` nothing does, and everything that waits is given
   * back.
   */
  decide({ isStopping }: { isStopping: boolean }): SchedulerDecision<D> {
    const decision: SchedulerDecision<D> = { start: [], defer: [], wakeAtMs: Number.POSITIVE_INFINITY };
    let hasStarted: boolean;
    do {
      hasStarted = false;
      decision.wakeAtMs = Number.POSITIVE_INFINITY;
      for (const [sellerId, [first]] of [...this.waiting]) {
        if (!first) continue;
        const startAtMs = isStopping ? 0 : this.earliestStartMs(first);
        if (isStopping) {
          this.deferAll(sellerId, 0, decision);
        } else if (startAtMs > this.limits.deadlineMs) {
          this.deferAll(sellerId, startAtMs - this.nowMs(), decision);
        } else if (startAtMs > this.nowMs()) {
          decision.wakeAtMs = Math.min(decision.wakeAtMs, startAtMs);
        } else if (this.hasSlotFor(first)) {
          this.start(first, decision);
          hasStarted = true;
        }
      }
    } while (hasStarted);
    return decision;
  }

  /** Its call of getReportDocument has been made: from here on the quota itself counts it. */
  located(key: string): void {
    const running = this.running.get(key);
    if (running) running.isLocating = false;
  }

  /** Its slot is free. Returns whether it still held one. */
  finished(key: string): boolean {
    return this.running.delete(key);
  }

  /** Whether the quota allows one more document of the seller before the deadline. */
  hasQuotaFor(sellerId: string): boolean {
    return this.quotaOf(sellerId).possibleUntil(this.limits.deadlineMs) > this.callsWanted(sellerId);
  }

  /** Whether one of the sellers has quota and no work while a slot is free. */
  hasIdleSeller(sellerIds: string[]): boolean {
    if (this.running.size >= this.limits.maxConcurrent) return false;
    return sellerIds.some((id) => this.callsWanted(id) === 0 && this.quotaOf(id).available() >= 1);
  }

  /** Calls of getReportDocument that a seller's documents still need. */
  private callsWanted(sellerId: string): number {
    return (this.waiting.get(sellerId)?.length ?? 0) + this.locating(sellerId);
  }

  private locating(sellerId: string): number {
    return [...this.running.values()].filter((each) => each.isLocating && each.sellerId === sellerId).length;
  }

  private earliestStartMs({ sellerId, needsQuota }: D): number {
    if (!needsQuota) return 0;
    const quota = this.quotaOf(sellerId);
    if (quota.available() - this.locating(sellerId) >= 1) return 0;
    // Calls in flight are not counted by the quota yet, so "available now" may be out of date.
    const minPauseMs = 50;
    return Math.max(quota.nextAvailableMs(), this.nowMs() + minPauseMs);
  }

  /** A suspect runs alone, so that nothing else is suspected if the program crashes again. */
  private hasSlotFor({ runsAlone }: D): boolean {
    if (this.running.size === 0) return true;
    const isSuspectRunning = [...this.running.values()].some((each) => each.runsAlone);
    return !runsAlone && !isSuspectRunning && this.running.size < this.limits.maxConcurrent;
  }

  private start(document: D, decision: SchedulerDecision<D>): void {
    const { key, sellerId, needsQuota, runsAlone } = document;
    const rest = this.waiting.get(sellerId)?.slice(1) ?? [];
    // Removed and added again, so that the seller's next turn comes after all others'.
    this.waiting.delete(sellerId);
    if (rest.length > 0) this.waiting.set(sellerId, rest);
    this.running.set(key, { sellerId, isLocating: needsQuota, runsAlone });
    decision.start.push(document);
  }

  private deferAll(sellerId: string, delayMs: number, decision: SchedulerDecision<D>): void {
    for (const document of this.waiting.get(sellerId) ?? []) decision.defer.push({ document, delayMs });
    this.waiting.delete(sellerId);
  }
}
