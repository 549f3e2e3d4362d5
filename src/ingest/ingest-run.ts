import { isDamagedWarehouse, type ReportsError } from '../errors/reports-error.js';
import type { QueueMessage } from '../source/types.js';
import { DocumentScheduler, type SchedulableDocument } from '../scheduling/document-scheduler.js';
import type { LedgerEntry } from '../warehouse/types.js';
import { CommitQueue } from './commit-queue.js';
import type { PipelineContext, StopSignals } from './context.js';
import { acknowledge, release } from './end-messages.js';
import { delaySecondsOf, type PoisonPolicy, retryDelaySeconds } from './failure-policy.js';
import { InFlight } from './in-flight.js';
import { keepMessage, type MessageToKeep } from './keep-message.js';
import { type DocumentRun, type JobResult, processDocument } from './process-document.js';
import { type ReportJob, receivesOf } from './report-job.js';
import { failureOf, type Outcome, type WorkSummary } from './work-summary.js';

/**
 * Every in-flight message must be kept invisible, so their number is capped. The cap is exceeded
 * only if a seller with free quota would starve behind the backlogs of others.
 */
const maxInFlight = 200;

export interface IngestOptions extends StopSignals {
  /** Documents that are fetched and converted at the same time. */
  maxConcurrent: number;
  /** Epoch milliseconds. What the quota would only allow later is deferred. */
  deadlineMs: number;
  /**
   * When a report that fails again and again is quarantined; undefined if the queue has a redrive
   * policy of its own.
   */
  poison?: PoisonPolicy;
}

interface ScheduledJob extends SchedulableDocument {
  job: ReportJob;
}

/**
 * The reports of one drain, sweep or backfill on their way. The scheduler decides which may start;
 * `processDocument` takes each of them to its table; what cannot be done in this run is given back.
 */
export class IngestRun {
  readonly summary: WorkSummary = { outcomes: {}, committed: [], failures: [] };
  /** Reports given back without an attempt because the quota does not allow them in this run. */
  deferrals = 0;
  /** Whether another process holds the warehouse: nothing can be committed now. */
  isWarehouseLocked = false;
  /** The error that showed that the warehouse file is damaged. */
  damage: ReportsError | undefined;

  private readonly scheduler: DocumentScheduler<ScheduledJob>;
  private readonly inFlight = new InFlight();
  private readonly documents: DocumentRun;
  /** Waits for the next quota. */
  private timer: { atMs: number; stop: AbortController } | undefined;

  constructor(
    private readonly context: PipelineContext,
    private readonly options: IngestOptions,
  ) {
    const { abort, deadlineMs, poison, stop } = options;
    const { clock, documentQuota } = context;
    this.scheduler = new DocumentScheduler(options, documentQuota, clock.now);
    const call = { signal: abort, deadlineMs };
    this.documents = { context, commits: new CommitQueue(context), call, poison };
    stop.addEventListener('abort', this.schedule);
  }

  /**
   * Adds a report. Its messages join the job if the report is in flight already. Returns false if
   * the quota does not allow one more document of the seller in time: then the job is given back at
   * once.
   */
  add(job: ReportJob): boolean {
    const { clock, documentQuota, onEvent } = this.context;
    const existing = this.inFlight.find(job);
    if (existing) {
      existing.messages.push(...job.messages);
      this.count('duplicate');
      return true;
    }
    const { sellerId, reportType, status } = job.report;
    const needsQuota = status !== 'CANCELLED';
    const isTooMuch = needsQuota && !this.scheduler.hasQuotaFor(sellerId);
    if (receivesOf(job) > 1) job.crashes = this.options.poison?.journal.crashes(job.key) ?? 0;
    this.inFlight.add(job);
    onEvent({ event: 'work_found', key: job.key, reportType });
    if (isTooMuch) {
      const quotaAtMs = Math.max(documentQuota(sellerId).nextAvailableMs(), this.options.deadlineMs);
      void this.defer(job, quotaAtMs - clock.now());
      return false;
    }
    this.scheduler.add({ job, key: job.key, sellerId, needsQuota, runsAlone: Boolean(job.crashes) });
    this.schedule();
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
    this.inFlight.begun();
    try {
      if (keep) await keepMessage(keep, this.context);
      const committed = await this.documents.commits.submit({ entry, tables: [], rejectsPath: null });
      await acknowledge(messages, log);
      this.record(entry.key, { outcome: committed.status, entry: committed });
    } catch (error) {
      await release(messages, retryDelaySeconds({ messages: [message] }), log);
      this.record(entry.key, { outcome: 'failed', failure: failureOf(entry, error), error });
    }
    this.inFlight.ended();
  }

  /** Counts what needed no work. */
  count(outcome: Outcome): void {
    this.summary.outcomes[outcome] = (this.summary.outcomes[outcome] ?? 0) + 1;
  }

  /** Resolves when more reports are useful. */
  hasRoom(): Promise<void> {
    const sellerIds = this.context.config.sellers.map(({ id }) => id);
    return this.inFlight.until(
      () => this.inFlight.size < maxInFlight || this.scheduler.hasIdleSeller(sellerIds),
    );
  }

  /**
   * Whether no seller could finish one more document in this run: then the rest is better left on
   * the queue.
   */
  isQuotaExhausted(): boolean {
    const { sellers } = this.context.config;
    return sellers.length > 0 && sellers.every(({ id }) => !this.scheduler.hasQuotaFor(id));
  }

  /** Resolves when nothing is in flight any more. */
  async finish(): Promise<WorkSummary> {
    await this.inFlight.until(() => this.inFlight.size === 0);
    this.options.stop.removeEventListener('abort', this.schedule);
    this.wakeAt(Number.POSITIVE_INFINITY);
    return this.summary;
  }

  /** Starts and defers what the scheduler says, and wakes when the next quota comes. */
  private readonly schedule = (): void => {
    const decision = this.scheduler.decide({ isStopping: this.options.stop.aborted });
    for (const { document, delayMs } of decision.defer) void this.defer(document.job, delayMs);
    for (const { job, runsAlone } of decision.start) void this.process(job, runsAlone);
    this.wakeAt(decision.wakeAtMs);
    this.inFlight.changed();
  };

  private async process(job: ReportJob, runsAlone: boolean): Promise<void> {
    const { key, report } = job;
    this.context.onEvent({ event: 'work_started', key, reportType: report.reportType });
    const result = await processDocument(job, this.documents, {
      onLocated: () => this.scheduler.located(key),
      // A suspect keeps its slot until its files are synced too.
      onConverted: () => runsAlone || this.freeSlot(key),
      onReady: () => this.freeSlot(key),
    });
    this.record(key, result);
    await this.end(job);
  }

  private freeSlot(key: string): void {
    if (this.scheduler.finished(key)) this.schedule();
  }

  private async defer(job: ReportJob, delayMs: number): Promise<void> {
    this.deferrals += 1;
    await release(job.messages, delaySecondsOf(delayMs), this.context.log);
    this.count('deferred');
    this.context.onEvent({ event: 'work_finished', key: job.key, outcome: 'deferred' });
    await this.end(job);
  }

  /** Duplicates that arrived too late are redelivered, and then found in the ledger. */
  private async end(job: ReportJob): Promise<void> {
    this.inFlight.close(job);
    await release(job.messages, 0, this.context.log);
    this.inFlight.ended();
  }

  private record(key: string, result: JobResult): void {
    const { onEvent, log } = this.context;
    this.count(result.outcome);
    if ('entry' in result) {
      this.summary.committed.push(result.entry);
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
