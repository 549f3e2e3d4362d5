import {
  DocumentScheduler,
  type RunLimits,
  type SchedulableDocument,
} from '../scheduling/document-scheduler.js';
import { type LedgerEntry, ledgerKey } from '../warehouse/types.js';
import { CommitQueue } from './commit-queue.js';
import { release } from './end-messages.js';
import type { CommitContext } from './load-history.js';
import type { ReportJob, ReportRef } from './report-job.js';

/** What identifies a report, and the messages that announced it. */
type KnownJob = Pick<ReportJob, 'key' | 'messages'> & { report: Pick<ReportRef, 'sellerId' | 'reportId'> };

/** A report that is being worked on. */
interface InFlight {
  job: KnownJob;
  /** The run that it belongs to; undefined if it belongs to none. */
  run?: RunLimits;
  /** Called when it has ended, for the runs whose messages joined it. */
  onEnded: (() => void)[];
}

/** A report in flight, as the run that it belongs to handles it. */
export interface JobInFlight extends SchedulableDocument, InFlight {
  job: ReportJob;
  run: RunLimits;
  /** Takes it along its data path. */
  start(): void;
  /** Gives it back without an attempt. */
  defer(delayMs: number): void;
  /** Another run has a message for it and continues in place of this one. */
  leave(): void;
}

/** A run may begin with what it looked up in the ledger this long ago. */
const maxLookupMs = 2 * 60_000;

/**
 * What all runs of a process share, so that drains, sweeps and request cycles of all pipelines can
 * go on side by side: one scheduler, so that the limits hold for all of them together and drains
 * come first; one registry of the reports in flight, so that no document is processed twice at the
 * same time; one commit queue, so that they are committed in one order.
 */
export class SharedWork {
  readonly commits: CommitQueue;
  readonly scheduler: DocumentScheduler<JobInFlight>;
  /**
   * By ledger key and by report, because one notification may lack the document id that another
   * has.
   */
  private readonly inFlight = new Map<string, InFlight>();
  /** When reports were committed, in epoch milliseconds, by the same keys; the last ones only. */
  private readonly committed = new Map<string, number>();
  /** The runs in progress. */
  private readonly runs = new Set<{ beganMs: number }>();
  /** Queues whose drain shall receive again. */
  private readonly ticked = new Set<string>();
  private listeners: (() => void)[] = [];
  /** Waits for the next quota. */
  private timer: { atMs: number; stop: AbortController } | undefined;

  constructor(private readonly context: CommitContext) {
    const { clock, config } = context;
    const maxConcurrent = Math.max(1, ...config.pipelines.map(({ limits }) => limits.concurrency));
    this.scheduler = new DocumentScheduler(maxConcurrent, clock.now);
    this.commits = new CommitQueue(context);
  }

  /** The report in flight that a job is about, if there is one. */
  find(job: KnownJob): InFlight | undefined {
    return this.inFlight.get(job.key) ?? this.inFlight.get(reportKey(job));
  }

  add(entering: JobInFlight): void {
    this.register(entering);
    this.scheduler.add(entering);
    this.schedule();
  }

  private register(entering: InFlight): void {
    for (const key of keysOf(entering.job)) this.inFlight.set(key, entering);
  }

  /**
   * Takes a report out of the run that it belongs to, if it only waits there and the run is no
   * drain. Returns whether it did.
   */
  takeOver(found: InFlight): boolean {
    if (!isOfRun(found) || found.run.isDrain || !this.scheduler.remove(found)) return false;
    this.close(found);
    found.leave();
    return true;
  }

  /**
   * Works on a report that belongs to no run, while no run has it in flight. Messages that come
   * meanwhile are released in the end: when they are received again, the ledger says what to do.
   * `hasWaited`: for a run that had it.
   */
  async alone<Result>(job: KnownJob, work: (hasWaited: boolean) => Promise<Result>): Promise<Result> {
    let hasWaited = false;
    const isFree = () => {
      const found = this.find(job);
      return !found || this.takeOver(found);
    };
    while (!isFree()) {
      hasWaited = true;
      await this.until(isFree);
    }
    const entering: InFlight = { job, onEnded: [] };
    this.register(entering);
    try {
      return await work(hasWaited);
    } finally {
      await this.endWork(entering);
    }
  }

  /**
   * Ends a report in flight. Messages that came too late to be acknowledged with it are released:
   * when they are received again, the ledger has it.
   */
  async endWork(ended: InFlight): Promise<void> {
    this.close(ended);
    await release(ended.job.messages, 0, this.context.log);
    for (const each of ended.onEnded) each();
    this.changed();
  }

  /** From here on no message joins it, and another run may begin it again. */
  close(closing: InFlight): void {
    for (const key of keysOf(closing.job)) {
      if (this.inFlight.get(key) === closing) this.inFlight.delete(key);
    }
  }

  /** Notes that a report has its final row in the ledger now. */
  noteCommitted(job: KnownJob, { key: committedKey }: LedgerEntry): void {
    const nowMs = this.context.clock.now();
    for (const key of [...keysOf(job), committedKey]) this.committed.set(key, nowMs);
    const sinceMs = Math.min(nowMs, ...[...this.runs].map(({ beganMs }) => beganMs)) - maxLookupMs;
    for (const [key, atMs] of this.committed) if (atMs < sinceMs) this.committed.delete(key);
  }

  /** Whether a report was committed since the run looked it up in the ledger. */
  wasCommittedSince(job: KnownJob, { beganMs }: { beganMs: number }): boolean {
    return keysOf(job).some((key) => (this.committed.get(key) ?? 0) > beganMs - maxLookupMs);
  }

  begin(run: { beganMs: number }): void {
    this.runs.add(run);
  }

  end(run: { beganMs: number }): void {
    this.runs.delete(run);
    this.commits.readHistoryAgain();
  }

  /** The next tick of a drain came while a drain of the queue is in progress. */
  receiveAgain(queue: string): void {
    this.ticked.add(queue);
    this.changed();
  }

  /** Whether `receiveAgain` was called since the last call of this. */
  takeTick(queue: string): boolean {
    return this.ticked.delete(queue);
  }

  hasTick(queue: string): boolean {
    return this.ticked.has(queue);
  }

  /** Starts and defers what the scheduler says, and wakes when the next quota comes. */
  schedule(): void {
    const { defer, start, wakeAtMs } = this.scheduler.decide();
    for (const { document, delayMs } of defer) document.defer(delayMs);
    for (const document of start) document.start();
    this.wakeAt(wakeAtMs);
    this.changed();
  }

  changed(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }

  /** Resolves when the condition holds; it is checked after each change. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }

  /** Schedules again at that time, and not before unless something happens. */
  private wakeAt(atMs: number): void {
    if (this.timer?.atMs === atMs) return;
    this.timer?.stop.abort();
    this.timer = undefined;
    if (atMs === Number.POSITIVE_INFINITY) return;
    const timer = { atMs, stop: new AbortController() };
    this.timer = timer;
    const { clock } = this.context;
    const wake = () => {
      if (this.timer === timer) this.timer = undefined;
      this.schedule();
    };
    clock.sleep(atMs - clock.now(), timer.stop.signal).then(wake, () => {});
  }
}

function isOfRun(found: InFlight): found is JobInFlight {
  return found.run !== undefined;
}

function keysOf(job: KnownJob): string[] {
  return [job.key, reportKey(job)];
}

function reportKey({ key, report: { sellerId, reportId } }: KnownJob): string {
  return reportId ? ledgerKey({ sellerId, reportId }) : key;
}
