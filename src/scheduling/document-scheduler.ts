import type { CallQuota } from './call-plan.js';

/** The limits of one run, which hold for each of its documents. */
export interface RunLimits {
  /** Whether its documents go before those of other kinds of runs. */
  isDrain: boolean;
  /** Documents of one pipeline that are fetched and converted at the same time. */
  maxConcurrent: number;
  /** Epoch milliseconds. What the quota would only allow later is deferred. */
  deadlineMs: number;
  /** What the quota allows this run for a seller: a run may leave calls to others. */
  quotaOf(sellerId: string): CallQuota;
  /** Whether nothing more may start. */
  isStopping(): boolean;
}

/** The properties of a document that the scheduler needs. */
export interface SchedulableDocument {
  key: string;
  sellerId: string;
  pipeline: string | null;
  run: RunLimits;
  /** Whether it takes a call of getReportDocument; a cancelled report has no document. */
  needsQuota: boolean;
  /** Whether nothing else may run beside it: it may be what crashed the program. */
  runsAlone: boolean;
}

/** What to do now, and when to ask again if nothing else happens. */
export interface SchedulerDecision<D> {
  start: D[];
  /** To be given back without an attempt; `delayMs`: until the quota allows it. */
  defer: { document: D; delayMs: number }[];
  /** Epoch milliseconds; Infinity if only an event can change the decision. */
  wakeAtMs: number;
}

/** Documents that wait, by seller, in the order of the sellers' turns. */
type Waiting<D> = Map<string, D[]>;

/**
 * Decides which documents of all runs of the process may start. Those of drains come first: for a
 * free slot, for a call that the quota allows, and one slot is kept free for them if there are two.
 * Sellers take turns, each within its quota. Pure: it reads the clock and the quotas that it is
 * given, starts nothing by itself and never waits. The caller acts on `decide()` after each `add`,
 * `located` and `finished`, and at `wakeAtMs`.
 */
export class DocumentScheduler<D extends SchedulableDocument> {
  private readonly ofDrains: Waiting<D> = new Map();
  private readonly ofOthers: Waiting<D> = new Map();
  /** Documents that run; `isLocating` until their call of getReportDocument has been made. */
  private readonly running = new Map<string, { document: D; isLocating: boolean }>();
  /** Whether drains run in this process, so that a slot is kept for them. */
  private hasDrains = false;

  /** `maxConcurrent`: documents of all pipelines that are processed at the same time. */
  constructor(
    private readonly maxConcurrent: number,
    private readonly nowMs: () => number,
  ) {}

  add(document: D): void {
    const { sellerId, run } = document;
    this.hasDrains ||= run.isDrain;
    const waiting = this.waitingWith(run);
    waiting.set(sellerId, [...(waiting.get(sellerId) ?? []), document]);
  }

  /** Takes a document back. Returns false if it is not waiting, because it runs already. */
  remove(document: D): boolean {
    const waiting = this.waitingWith(document.run);
    const ofSeller = waiting.get(document.sellerId) ?? [];
    if (!ofSeller.includes(document)) return false;
    setOrDelete(
      waiting,
      document.sellerId,
      ofSeller.filter((each) => each !== document),
    );
    return true;
  }

  /** Decides what starts now. Everything that waits for a run that is stopping is given back. */
  decide(): SchedulerDecision<D> {
    const decision: SchedulerDecision<D> = { start: [], defer: [], wakeAtMs: Number.POSITIVE_INFINITY };
    for (const waiting of [this.ofDrains, this.ofOthers]) this.deferHopeless(waiting, decision);
    for (const waiting of [this.ofDrains, this.ofOthers]) {
      if (!this.startFrom(waiting, decision)) break;
    }
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

  /** Whether the quota allows the run one more document of the seller before its deadline. */
  hasQuotaFor(sellerId: string, run: RunLimits): boolean {
    return run.quotaOf(sellerId).possibleUntil(run.deadlineMs) > this.callsWanted(sellerId, run);
  }

  /** Whether one of the sellers has quota for the run and no work while a slot is free. */
  hasIdleSeller(sellerIds: string[], run: RunLimits): boolean {
    if (this.running.size >= this.maxConcurrent) return false;
    return sellerIds.some((id) => this.callsWanted(id, run) === 0 && run.quotaOf(id).available() >= 1);
  }

  /** Defers what the quota does not allow before its deadline, and what its run no longer wants. */
  private deferHopeless(waiting: Waiting<D>, { defer }: SchedulerDecision<D>): void {
    for (const [sellerId, documents] of [...waiting]) {
      /** By run: when the quota allows its first document. */
      const starts = new Map<RunLimits, number>();
      const left = documents.filter((document) => {
        const { run, needsQuota } = document;
        if (run.isStopping()) {
          defer.push({ document, delayMs: 0 });
          return false;
        }
        if (!needsQuota) return true;
        const startAtMs = starts.get(run) ?? this.earliestStartMs(document);
        starts.set(run, startAtMs);
        if (startAtMs <= run.deadlineMs) return true;
        defer.push({ document, delayMs: startAtMs - this.nowMs() });
        return false;
      });
      if (left.length < documents.length) setOrDelete(waiting, sellerId, left);
    }
  }

  /** Starts what may start. Returns false if nothing may, because a suspect waits to run alone. */
  private startFrom(waiting: Waiting<D>, decision: SchedulerDecision<D>): boolean {
    let wakeAtMs: number;
    let hasStarted: boolean;
    do {
      hasStarted = false;
      wakeAtMs = Number.POSITIVE_INFINITY;
      for (const [sellerId, [first]] of [...waiting]) {
        if (!first) continue;
        const startAtMs = this.earliestStartMs(first);
        if (startAtMs > this.nowMs()) {
          wakeAtMs = Math.min(wakeAtMs, startAtMs);
        } else if (this.hasSlotFor(first)) {
          this.start(first, waiting, sellerId);
          decision.start.push(first);
          hasStarted = true;
        } else if (first.runsAlone) {
          return false;
        }
      }
    } while (hasStarted);
    decision.wakeAtMs = Math.min(decision.wakeAtMs, wakeAtMs);
    return true;
  }

  private start(document: D, waiting: Waiting<D>, sellerId: string): void {
    const rest = waiting.get(sellerId)?.slice(1) ?? [];
    // Removed and added again, so that the seller's next turn comes after all others'.
    waiting.delete(sellerId);
    setOrDelete(waiting, sellerId, rest);
    this.running.set(document.key, { document, isLocating: document.needsQuota });
  }

  private earliestStartMs({ sellerId, needsQuota, run }: D): number {
    if (!needsQuota) return 0;
    const quota = run.quotaOf(sellerId);
    const callsBefore = this.callsBefore(sellerId, run);
    if (quota.available() - callsBefore >= 1) return 0;
    // Calls in flight are not counted by the quota yet, so "available now" may be out of date.
    const minPauseMs = 50;
    const callsOfDrains = callsBefore - this.locating(sellerId);
    return Math.max(quota.nextAvailableMs(1 + callsOfDrains), this.nowMs() + minPauseMs);
  }

  /** Calls that are made before the next one of the run: of what runs, and of drains that wait. */
  private callsBefore(sellerId: string, run: RunLimits): number {
    return this.locating(sellerId) + (run.isDrain ? 0 : needingQuota(this.ofDrains.get(sellerId)));
  }

  /** Calls that what was added before still needs, as far as the run comes after it. */
  private callsWanted(sellerId: string, run: RunLimits): number {
    const waiting = this.waitingWith(run).get(sellerId)?.length ?? 0;
    return this.callsBefore(sellerId, run) + waiting;
  }

  private locating(sellerId: string): number {
    let calls = 0;
    for (const { document, isLocating } of this.running.values()) {
      if (isLocating && document.sellerId === sellerId) calls += 1;
    }
    return calls;
  }

  /** A suspect runs alone, so that nothing else is suspected if the program crashes again. */
  private hasSlotFor({ runsAlone, pipeline, run }: D): boolean {
    const running = [...this.running.values()].map(({ document }) => document);
    if (running.length === 0) return true;
    if (runsAlone || running.some((each) => each.runsAlone)) return false;
    const ofPipeline = running.filter((each) => each.pipeline === pipeline);
    if (running.length >= this.maxConcurrent || ofPipeline.length >= run.maxConcurrent) return false;
    if (run.isDrain || !this.hasDrains) return true;
    const isNoDrain = (each: D) => !each.run.isDrain;
    return (
      running.filter(isNoDrain).length + 1 < this.maxConcurrent &&
      ofPipeline.filter(isNoDrain).length + 1 < run.maxConcurrent
    );
  }

  private waitingWith({ isDrain }: RunLimits): Waiting<D> {
    return isDrain ? this.ofDrains : this.ofOthers;
  }
}

function needingQuota(documents: SchedulableDocument[] = []): number {
  return documents.filter(({ needsQuota }) => needsQuota).length;
}

function setOrDelete<D>(waiting: Waiting<D>, sellerId: string, documents: D[]): void {
  if (documents.length > 0) waiting.set(sellerId, documents);
  else waiting.delete(sellerId);
}
