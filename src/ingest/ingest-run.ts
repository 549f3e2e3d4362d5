import { isDamagedWarehouse, type ReportsError } from '../errors/reports-error.js';
import type { QueueMessage } from '../source/types.js';
import type { RunLimits } from '../scheduling/document-scheduler.js';
import type { LedgerEntry } from '../warehouse/types.js';
import type { PipelineContext, StopSignals } from './context.js';
import { acknowledge, release } from './end-messages.js';
import { delaySecondsOf, type PoisonPolicy, retryDelaySeconds } from './failure-policy.js';
import { keepMessage, type MessageToKeep } from './keep-message.js';
import { type DocumentRun, type JobResult, processDocument } from './process-document.js';
import { type ReportJob, receivesOf } from './report-job.js';
import { isSettled } from './route.js';
import type { JobInFlight } from './shared-work.js';
import { addCommitted, emptySummary, failureOf, type Outcome, type WorkSummary } from './work-summary.js';

/**
 * Every in-flight message must be kept invisible, so their number is capped for each run. The cap
 * is exceeded only if a seller with free quota would starve behind the backlogs of others.
 */
const maxInFlight = 200;

export interface IngestOptions extends StopSignals {
  /** Documents of a pipeline that are fetched and converted at the same time, by all its runs. */
  maxConcurrent: number;
  /** Whether the reports have messages: then they come before those of other kinds of runs. */
  isDrain?: boolean;
  /** Epoch milliseconds. What the quota would only allow later is deferred. */
  deadlineMs: number;
  /**
   * When a report that fails again and again is quarantined; undefined if the queue has a redrive
   * policy of its own.
   */
  poison?: PoisonPolicy;
}

/**
 * The reports of one drain, sweep, backfill or request cycle on their way. The scheduler, which all
 * runs of the process share, decides which may start; `processDocument` takes each of them to its
 * table; what cannot be done in this run is given back.
 */
export class IngestRun {
  readonly summary = emptySummary();
  /** Reports given back without an attempt because the quota does not allow them in this run. */
  deferrals = 0;
  /** Whether another process holds the warehouse: nothing can be committed now. */
  isWarehouseLocked = false;
  /** The error that showed that the warehouse file is damaged. */
  damage: ReportsError | undefined;
  /** When it began, in epoch milliseconds. */
  readonly beganMs: number;

  private readonly limits: RunLimits;
  private readonly documents: DocumentRun;
  /** Reports and ledger entries in flight that this run waits for. */
  private inFlight = 0;

  constructor(
    private readonly context: PipelineContext,
    private readonly options: IngestOptions,
  ) {
    const { abort, deadlineMs, isDrain = false, maxConcurrent, poison, stop } = options;
    const { clock, documentQuota, shared } = context;
    const isStopping = () => stop.aborted;
    this.beganMs = clock.now();
    this.limits = { isDrain, maxConcurrent, deadlineMs, quotaOf: documentQuota, isStopping };
    this.documents = { context, commits: shared.commits, call: { signal: abort, deadlineMs }, poison };
    shared.begin(this);
    stop.addEventListener('abort', this.giveBackWaiting);
  }

  /**
   * Adds a report. If it is in flight already, in whatever run, its messages join those it has.
   * Returns false if the quota does not allow one more document of the seller in time: then the job
   * is given back at once.
   */
  add(job: ReportJob): boolean {
    const { clock, documentQuota, onEvent, shared } = this.context;
    if (this.joins(job)) return true;
    const { sellerId, reportType, status, pipeline } = job.report;
    const needsQuota = status !== 'CANCELLED';
    const isTooMuch = needsQuota && !shared.scheduler.hasQuotaFor(sellerId, this.limits);
    if (receivesOf(job) > 1) job.crashes = this.options.poison?.journal.crashes(job.key) ?? 0;
    onEvent({ event: 'work_found', key: job.key, reportType });
    this.inFlight += 1;
    const entering: JobInFlight = {
      job,
      key: job.key,
      sellerId,
      pipeline,
      run: this.limits,
      needsQuota,
      runsAlone: Boolean(job.crashes),
      start: () => void this.process(entering),
      defer: (delayMs) => void this.defer(entering, delayMs),
      leave: () => this.leave(job),
      onEnded: [],
    };
    if (isTooMuch) {
      const quotaAtMs = Math.max(documentQuota(sellerId).nextAvailableMs(), this.options.deadlineMs);
      void this.defer(entering, quotaAtMs - clock.now());
      return false;
    }
    shared.add(entering);
    return true;
  }

  /**
   * Whether the report needs no work of this run: another run has just loaded it, or it is in
   * flight. A drain takes over what only waits in a run of another kind, whose turn may be far off.
   */
  private joins(job: ReportJob): boolean {
    const { shared, log } = this.context;
    const found = shared.find(job);
    if (!found) {
      if (!shared.wasCommittedSince(job, this)) return false;
      this.count('duplicate');
      this.inFlight += 1;
      void acknowledge(job.messages, log).then(() => this.ended());
      return true;
    }
    if (this.limits.isDrain && shared.takeOver(found)) return false;
    this.count('duplicate');
    if (found.run !== this.limits && job.messages.length > 0) {
      // The queue of a message must stay open until the message has been acknowledged or released.
      this.inFlight += 1;
      found.onEnded.push(() => this.ended());
    }
    found.job.messages.push(...job.messages);
    return true;
  }

  /**
   * Commits a ledger entry without rows and acknowledges its message, which is kept first if the
   * operator needs it.
   */
  async addEntry(
    { entry, keep }: { entry: LedgerEntry; keep?: MessageToKeep },
    message: QueueMessage,
  ): Promise<void> {
    const messages = [message];
    const { log } = this.context;
    this.inFlight += 1;
    try {
      if (keep) await keepMessage(keep, this.context);
      const committed = await this.documents.commits.submit({ entry, tables: [], rejectsPath: null });
      await acknowledge(messages, log);
      this.record(entry.key, { outcome: committed.status, entry: committed });
    } catch (error) {
      await release(messages, retryDelaySeconds({ messages: [message] }), log);
      this.record(entry.key, { outcome: 'failed', failure: failureOf(entry, error), error });
    }
    this.ended();
  }

  /** Counts what needed no work. */
  count(outcome: Outcome): void {
    this.summary.outcomes[outcome] = (this.summary.outcomes[outcome] ?? 0) + 1;
  }

  /** Resolves when more reports are useful. */
  hasRoom(): Promise<void> {
    const { config, shared } = this.context;
    const sellerIds = config.sellers.map(({ id }) => id);
    return shared.until(
      () => this.inFlight < maxInFlight || shared.scheduler.hasIdleSeller(sellerIds, this.limits),
    );
  }

  /**
   * Whether no seller could finish one more document in this run: then the rest is better left on
   * the queue.
   */
  isQuotaExhausted(): boolean {
    const { config, shared } = this.context;
    const { sellers } = config;
    return sellers.length > 0 && sellers.every(({ id }) => !shared.scheduler.hasQuotaFor(id, this.limits));
  }

  /** Whether loads can be committed, as far as this run knows. */
  canCommit(): boolean {
    return !this.isWarehouseLocked && !this.damage;
  }

  /**
   * Resolves when nothing is in flight any more, or the condition holds. Returns whether something
   * is still in flight.
   */
  async isInFlight(isOver: () => boolean): Promise<boolean> {
    await this.context.shared.until(() => this.inFlight === 0 || isOver());
    return this.inFlight > 0;
  }

  /** Resolves when nothing is in flight any more. */
  async finish(): Promise<WorkSummary> {
    const { shared } = this.context;
    await this.isInFlight(() => false);
    this.options.stop.removeEventListener('abort', this.giveBackWaiting);
    shared.end(this);
    return this.summary;
  }

  /** Of its own, because a signal that several runs share knows each function once. */
  private readonly giveBackWaiting = (): void => this.context.shared.schedule();

  private async process(started: JobInFlight): Promise<void> {
    const { job, runsAlone } = started;
    const { key, report } = job;
    const { onEvent, shared } = this.context;
    onEvent({ event: 'work_started', key, reportType: report.reportType });
    const result = await processDocument(job, this.documents, {
      onLocated: () => shared.scheduler.located(key),
      // A suspect keeps its slot until its files are synced too.
      onConverted: () => runsAlone || this.freeSlot(key),
      onReady: () => this.freeSlot(key),
    });
    if ('entry' in result && isSettled(result.entry, 'load')) shared.noteCommitted(job, result.entry);
    this.record(key, result);
    await this.end(started);
  }

  private freeSlot(key: string): void {
    const { shared } = this.context;
    if (shared.scheduler.finished(key)) shared.schedule();
  }

  private async defer(deferred: JobInFlight, delayMs: number): Promise<void> {
    const { job } = deferred;
    this.deferrals += 1;
    await release(job.messages, delaySecondsOf(delayMs), this.context.log);
    this.endAs('deferred', job);
    await this.end(deferred);
  }

  private leave(job: ReportJob): void {
    this.endAs('duplicate', job);
    this.ended();
  }

  private endAs(outcome: Outcome, { key }: ReportJob): void {
    this.count(outcome);
    this.context.onEvent({ event: 'work_finished', key, outcome });
  }

  private async end(ended: JobInFlight): Promise<void> {
    await this.context.shared.endWork(ended);
    this.ended();
  }

  private ended(): void {
    this.inFlight -= 1;
    this.context.shared.changed();
  }

  private record(key: string, result: JobResult): void {
    const { onEvent, log } = this.context;
    this.count(result.outcome);
    if ('entry' in result) {
      addCommitted(this.summary, result.entry);
    } else if (result.outcome === 'failed') {
      const { failure, error } = result;
      const { code, message } = failure;
      this.isWarehouseLocked ||= code === 'WAREHOUSE_LOCKED';
      if (isDamagedWarehouse(error)) this.damage = error;
      this.summary.failures.push(failure);
      log.error({ key, code, err: code === 'UNEXPECTED' ? error : undefined }, message);
    }
    const { outcome } = result;
    const { entry, failure } = { entry: undefined, failure: undefined, ...result };
    onEvent({
      event: 'work_finished',
      key,
      outcome,
      entry,
      failure: outcome === 'failed' ? failure : undefined,
    });
  }
}
