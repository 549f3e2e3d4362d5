import { isNotTheDocumentsFault, ReportsError } from '../errors.js';
import type { QueueMessage } from '../source/types.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import { ledgerKey } from '../warehouse/types.js';
import { CommitQueue } from './commit-queue.js';
import type { Outcome, PipelineContext } from './context.js';
import { releaseMessage } from './end-message.js';
import { ledgerEntry, quarantineReason } from './ledger-entry.js';
import type { KilledWork } from './killed-work.js';
import { isDamaged } from './mend-warehouse.js';
import { prepareLoad, type ReportRequest } from './load-document.js';
import { type Failure, failureOf, type WorkSummary } from './work-summary.js';

/**
 * Messages in hand at once; all of them are kept invisible, so there is no use in more. One more is taken nevertheless where the backlogs
 * of some sellers would keep others from their quota.
 */
const mostInHand = 200;

export interface DrainSignals {
  /** Begin nothing new; finish what is in work. */
  stop: AbortSignal;
  /** Break off what is in work; everything not committed is released. */
  abort: AbortSignal;
}

/** One report to load, with the messages that ask for it; a sweep's has none. */
export interface Work {
  key: string;
  request: ReportRequest;
  messages: QueueMessage[];
  /** How often the program was killed in the middle of it. */
  kills?: number;
}

export interface WorkLimits extends DrainSignals {
  /** Documents that are fetched and converted at the same time. */
  concurrency: number;
  /** Epoch milliseconds. What the quota would make later than this is deferred. */
  deadlineMs: number;
  /** What puts a document aside that comes again and again; undefined where the queue has a redrive policy of its own. */
  giveUp?: GiveUp;
}

interface GiveUp {
  /** Failed receives after which a document is quarantined. */
  maxReceives: number;
  /** One that the program is killed by each time never fails. */
  killed: KilledWork;
}

/**
 * The work of one drain or sweep. Prepares documents side by side, sellers taking turns and each within its quota; hands what is ready
 * to the commit queue; gives back what can't be done now.
 */
export class WorkList {
  readonly summary: WorkSummary = { outcomes: {}, committed: [], failures: [] };
  /** How much work was given back for want of quota, without a try. */
  deferrals = 0;
  /** Whether another process holds the warehouse: nothing can be committed now. */
  warehouseIsHeld = false;
  /** What showed that the warehouse file is damaged. */
  damage: ReportsError | undefined;

  private readonly commits: CommitQueue;
  /** By key, and by report: a notification may lack the document id that another has. */
  private readonly held = new Map<string, Work>();
  private size = 0;
  /** By seller, in the order of their turns. */
  private readonly waiting = new Map<string, Work[]>();
  /** Started work by key; `locating` until its call of getReportDocument is made. */
  private readonly active = new Map<string, { sellerId: string; locating: boolean; isAlone: boolean }>();
  /** Keys of work on its way to a commit. */
  private readonly preparing = new Set<string>();
  /** Waits for the next quota. */
  private timer: { atMs: number; stop: AbortController } | undefined;
  private listeners: (() => void)[] = [];

  constructor(
    private readonly context: PipelineContext,
    private readonly limits: WorkLimits,
  ) {
    this.commits = new CommitQueue(context, () => this.preparing.size > 0);
    limits.stop.addEventListener('abort', this.begin);
  }

  /** Calls of getReportDocument that the work in hand of a seller still wants. */
  callsWanted(sellerId: string): number {
    return (this.waiting.get(sellerId)?.length ?? 0) + this.locating(sellerId);
  }

  /**
   * Adds work. A message for a report that is in hand already is joined to it. Returns false where the quota doesn't allow one more of
   * the seller in time: then it is given back at once, and other sellers' work has its place.
   */
  add(work: Work): boolean {
    const inHand = this.held.get(work.key) ?? this.held.get(reportKey(work));
    if (inHand) {
      inHand.messages.push(...work.messages);
      this.count('duplicate');
      return true;
    }
    const { sellerId, reportType, status } = work.request;
    const isSpoken =
      status !== 'CANCELLED' &&
      this.context.documentQuota(sellerId).possibleUntil(this.limits.deadlineMs) <=
        this.callsWanted(sellerId);
    if (receivesOf(work) > 1) work.kills = this.limits.giveUp?.killed.kills(work.key) ?? 0;
    this.hold(work);
    this.context.onEvent({ event: 'work_found', key: work.key, reportType });
    if (isSpoken) {
      const waitMs = this.context.documentQuota(sellerId).nextAvailableMs() - this.context.clock.now();
      void this.deferred(work, Math.max(waitMs, this.limits.deadlineMs - this.context.clock.now()));
      return false;
    }
    this.waiting.set(sellerId, [...(this.waiting.get(sellerId) ?? []), work]);
    this.begin();
    return true;
  }

  private hold(work: Work): void {
    this.held.set(work.key, work);
    this.held.set(reportKey(work), work);
    this.size += 1;
  }

  /** What joined it too late comes again, and finds the ledger. */
  private async letGo(work: Work): Promise<void> {
    this.held.delete(work.key);
    this.held.delete(reportKey(work));
    await this.release(work.messages, 0);
    this.size -= 1;
    this.notify();
  }

  /** Commits a ledger entry without rows and acknowledges its message. */
  async addEntry(entry: LedgerEntry, message: QueueMessage): Promise<void> {
    this.size += 1;
    const messages = [message];
    try {
      await this.commit({ entry, tables: [], rejectsPath: null }, messages, entry.key);
    } catch (error) {
      await this.failed(entry.key, messages, error);
    }
    this.size -= 1;
    this.notify();
  }

  /** Counts what needed no work. */
  count(outcome: Outcome): void {
    this.summary.outcomes[outcome] = (this.summary.outcomes[outcome] ?? 0) + 1;
  }

  /** Resolves when there is use in more work. */
  hasRoom(): Promise<void> {
    return this.until(() => this.size < mostInHand || this.isSellerIdle());
  }

  /** Whether a seller has quota and no work, and nothing but the quota of others keeps the rest waiting. */
  private isSellerIdle(): boolean {
    return (
      this.active.size < this.limits.concurrency &&
      this.context.config.sellers.some(
        ({ id }) => this.callsWanted(id) === 0 && this.context.documentQuota(id).available() >= 1,
      )
    );
  }

  private async until(isSo: () => boolean): Promise<void> {
    while (!isSo()) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }

  /** Resolves when nothing is in hand any more. */
  async finish(): Promise<WorkSummary> {
    await this.until(() => this.size === 0);
    this.limits.stop.removeEventListener('abort', this.begin);
    this.wakeAt(Number.POSITIVE_INFINITY);
    return this.summary;
  }

  /** Begins whatever may begin now, a seller a turn, and sets the timer for the next quota. */
  private readonly begin = (): void => {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const [sellerId, works] of [...this.waiting]) {
      if (this.limits.stop.aborted) {
        this.defer(sellerId, 0);
        continue;
      }
      const soonestMs = this.mayBeginAtMs(sellerId, works);
      if (soonestMs > this.limits.deadlineMs) {
        this.defer(sellerId, soonestMs - this.context.clock.now());
      } else if (soonestMs > this.context.clock.now()) {
        nextMs = Math.min(nextMs, soonestMs);
      } else if (this.hasPlaceFor(works[0])) {
        const [first, ...rest] = works;
        // Taken out and put back, so that the seller's next turn comes after all others'.
        this.waiting.delete(sellerId);
        if (rest.length > 0) this.waiting.set(sellerId, rest);
        if (first) void this.prepare(first);
        nextMs = this.context.clock.now();
      }
    }
    this.wakeAt(nextMs);
    this.notify();
  };

  /** What the program may have been killed by is done alone, so that nothing else is suspected if it is again. */
  private hasPlaceFor(work: Work | undefined): boolean {
    if (this.active.size === 0) return true;
    const isAlone = [...this.active.values()].some((each) => each.isAlone);
    return !work?.kills && !isAlone && this.active.size < this.limits.concurrency;
  }

  /** Begins again at that time, and not before unless something happens. */
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
      this.begin();
    };
    clock.sleep(atMs - clock.now(), timer.stop.signal).then(wake, () => {});
  }

  private mayBeginAtMs(sellerId: string, works: Work[]): number {
    if (works[0]?.request.status === 'CANCELLED') return 0;
    const quota = this.context.documentQuota(sellerId);
    if (quota.available() - this.locating(sellerId) >= 1) return 0;
    const pauseMs = 50;
    return Math.max(quota.nextAvailableMs(), this.context.clock.now() + pauseMs);
  }

  private locating(sellerId: string): number {
    return [...this.active.values()].filter((each) => each.locating && each.sellerId === sellerId).length;
  }

  private async prepare(work: Work): Promise<void> {
    const { key, request, messages } = work;
    const state = {
      sellerId: request.sellerId,
      locating: request.status !== 'CANCELLED',
      isAlone: Boolean(work.kills),
    };
    this.active.set(key, state);
    const { giveUp } = this.limits;
    const isWatched = giveUp !== undefined && receivesOf(work) > 1;
    this.context.onEvent({ event: 'work_started', key, reportType: request.reportType });
    const watched: PipelineContext = {
      ...this.context,
      onEvent: (event) => {
        if (event.event === 'document_located') state.locating = false;
        // The next one need not wait for the disk.
        if (event.event === 'document_converted' && !state.isAlone) this.free(key);
        this.context.onEvent(event);
      },
    };
    const call = { signal: this.limits.abort, deadlineMs: this.limits.deadlineMs };
    this.preparing.add(key);
    try {
      if (isWatched) await this.refuseKiller(work, giveUp);
      const load = await prepareLoad(request, watched, call);
      this.preparing.delete(key);
      this.free(key);
      await this.commit(load, messages, key);
    } catch (error) {
      this.preparing.delete(key);
      this.free(key);
      this.commits.reconsider();
      await this.giveBack(work, error);
    }
    // Never rejects.
    if (isWatched) await giveUp.killed.end(key);
    await this.letGo(work);
  }

  /** What is received for the first time is not written down: that takes as long as to load a small document. */
  private async refuseKiller({ key, kills = 0, request }: Work, giveUp: GiveUp): Promise<void> {
    if (kills >= Math.max(1, giveUp.maxReceives - 1)) {
      throw new ReportsError('PROCESS_KILLED', { documentId: request.documentId ?? key, count: kills });
    }
    await giveUp.killed.begin(key);
  }

  private free(key: string): void {
    if (this.active.delete(key)) this.begin();
  }

  private async commit(load: Load, messages: QueueMessage[], key: string): Promise<void> {
    const entry = await this.commits.submit(load, messages);
    this.summary.committed.push(entry);
    this.finished(key, entry.status, { entry });
  }

  private async giveBack(work: Work, error: unknown): Promise<void> {
    const { key, request, messages } = work;
    if (this.limits.abort.aborted) return this.deferNow(work, 0);
    if (error instanceof ReportsError && error.code === 'API_QUOTA_EXCEEDED') {
      const leastMs = 30_000;
      const nextMs = this.context.documentQuota(request.sellerId).nextAvailableMs();
      return this.deferNow(work, Math.max(leastMs, nextMs - this.context.clock.now()));
    }
    const { giveUp } = this.limits;
    const isKiller = error instanceof ReportsError && error.code === 'PROCESS_KILLED';
    const isEnough = giveUp !== undefined && (isKiller || receivesOf(work) >= giveUp.maxReceives);
    if (!isEnough || isNotTheDocumentsFault(error)) {
      return this.failed(key, messages, error);
    }
    const { sellerId, reportType, reportId = null, documentId = null, pipeline } = request;
    const ids = { sellerId, reportId, documentId };
    const entry = ledgerEntry({
      key: ledgerKey(ids),
      ...ids,
      reportType,
      pipeline,
      ...quarantineReason(error),
    });
    await this.commit({ entry, tables: [], rejectsPath: null }, messages, key).catch((again: unknown) =>
      this.failed(key, messages, again),
    );
  }

  private defer(sellerId: string, delayMs: number): void {
    const works = this.waiting.get(sellerId) ?? [];
    this.waiting.delete(sellerId);
    for (const work of works) void this.deferred(work, delayMs);
  }

  /** Gives work back that was not begun. */
  private async deferred(work: Work, delayMs: number): Promise<void> {
    this.deferrals += 1;
    await this.deferNow(work, delayMs);
    await this.letGo(work);
  }

  private async deferNow({ key, messages }: Work, delayMs: number): Promise<void> {
    const longestSeconds = 900;
    await this.release(messages, Math.min(Math.max(Math.ceil(delayMs / 1000), 0), longestSeconds));
    this.finished(key, 'deferred');
  }

  private async release(messages: QueueMessage[], delaySeconds: number): Promise<void> {
    for (const message of messages.splice(0)) await releaseMessage(message, delaySeconds, this.context.log);
  }

  private async failed(key: string, messages: QueueMessage[], error: unknown): Promise<void> {
    await this.release(messages, retryDelaySeconds(messages));
    const failure = failureOf(key, error);
    const { code, message } = failure;
    this.warehouseIsHeld ||= code === 'WAREHOUSE_LOCKED';
    if (isDamaged(error)) this.damage = error;
    this.summary.failures.push(failure);
    this.context.log.error({ key, code, err: code === 'UNEXPECTED' ? error : undefined }, message);
    this.finished(key, 'failed', { failure });
  }

  private finished(
    key: string,
    outcome: Outcome,
    about: { entry?: LedgerEntry; failure?: Failure } = {},
  ): void {
    this.count(outcome);
    this.context.onEvent({ event: 'work_finished', key, outcome, ...about });
  }

  private notify(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }
}

function receivesOf({ messages }: Pick<Work, 'messages'>): number {
  return Math.max(0, ...messages.map((message) => message.receiveCount));
}

/** 30 seconds after the first failure, then twice as long each time, at most 15 minutes. */
function retryDelaySeconds(messages: QueueMessage[]): number {
  return Math.min(900, 30 * 2 ** (Math.max(1, receivesOf({ messages })) - 1));
}

function reportKey({ key, request }: Work): string {
  const { sellerId, reportId } = request;
  return reportId ? ledgerKey({ sellerId, reportId }) : key;
}
