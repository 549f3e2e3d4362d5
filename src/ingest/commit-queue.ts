import { describeError, isNotTheDocumentsFault, ReportsError } from '../errors/reports-error.js';
import { documentsReason } from '../privacy/pii-policy.js';
import { faultPoint } from '../runtime/fault-point.js';
import { ledgerEntry } from '../warehouse/ledger/ledger-entry.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import { type CommitContext, LoadHistory } from './load-history.js';
import { evictLocalCopies, writeLoadRecord } from './load-record.js';

interface Submitted {
  load: Load;
  resolve: (entry: LedgerEntry) => void;
  reject: (error: unknown) => void;
}

/**
 * A reservation in a coming commit. Exactly one of `submit` and `cancel` uses it up; `cancel`
 * afterwards does nothing.
 */
export interface CommitReservation {
  /**
   * Resolves with the entry as committed. Rejects if the warehouse is unavailable; nothing is
   * committed then.
   */
  submit(load: Load): Promise<LedgerEntry>;
  cancel(): void;
}

/**
 * A commit waits for this many loads, or this long: half of its processor time does not depend on
 * what it has. With 200 loads in a commit instead of 64, small documents took 0.78 of the processor
 * time.
 */
const gather = { maxLoads: 200, maxMs: 1000 };

/**
 * Commits loads, one commit at a time: what is submitted meanwhile waits and is committed together
 * in the next transaction. While there are reservations, a commit waits a little for their loads.
 */
export class CommitQueue {
  private waiting: Submitted[] = [];
  private reserved = 0;
  private running = false;
  private isHistoryOld = false;
  private wake = () => {};
  private readonly history: LoadHistory;

  constructor(private readonly context: CommitContext) {
    this.history = new LoadHistory(context);
  }

  /** Announces a load, so that the next commit may wait for it. */
  reserve(): CommitReservation {
    let isUsed = false;
    const use = () => {
      if (!isUsed) this.reserved -= 1;
      isUsed = true;
    };
    this.reserved += 1;
    return {
      submit: (load) => {
        use();
        return this.submit(load);
      },
      cancel: () => {
        if (isUsed) return;
        use();
        this.wake();
      },
    };
  }

  /** Commits a load that was not announced. */
  async submit(load: Load): Promise<LedgerEntry> {
    try {
      return await new Promise<LedgerEntry>((resolve, reject) => {
        this.waiting.push({ load, resolve, reject });
        if (this.running) this.wake();
        else void this.run();
      });
    } finally {
      await evictLocalCopies(load, this.context.lake);
    }
  }

  /** Earlier loads are read from the ledger again: other processes may have committed some. */
  readHistoryAgain(): void {
    // What is being committed is not in the ledger yet.
    this.isHistoryOld = this.running;
    if (!this.running) this.history.forget();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      await this.gathered();
      const group = this.waiting;
      this.waiting = [];
      const compared = await this.compare(group);
      if (compared) await this.commitTogether(compared);
    }
    this.running = false;
    if (this.isHistoryOld) this.readHistoryAgain();
  }

  /** Compares loads with earlier ones, in order. Undefined if the ledger cannot be read. */
  private async compare(group: Submitted[]): Promise<Submitted[] | undefined> {
    try {
      const compared: Submitted[] = [];
      for (const each of group) compared.push({ ...each, load: await this.history.compare(each.load) });
      return compared;
    } catch (error) {
      for (const { reject } of group) reject(error);
      return undefined;
    }
  }

  /** Resolves when what waits is worth a commit. */
  private async gathered(): Promise<void> {
    const end = new AbortController();
    let isLate = false;
    this.context.clock.sleep(gather.maxMs, end.signal).then(
      () => {
        isLate = true;
        this.wake();
      },
      () => {},
    );
    while (this.waiting.length < gather.maxLoads && !isLate && this.reserved > 0) {
      await new Promise<void>((resolve) => {
        this.wake = resolve;
      });
    }
    end.abort();
  }

  private async commitTogether(group: Submitted[]): Promise<void> {
    let leftOut: Set<string>;
    try {
      leftOut = new Set(await this.context.warehouse.commit(group.map(({ load }) => load)));
    } catch (error) {
      const refused = error instanceof ReportsError && error.code === 'WAREHOUSE_REFUSED';
      if (group.length > 1 && !isNotTheDocumentsFault(error)) {
        // One of them is at fault, and must not fail the others.
        for (const one of group) await this.commitTogether([one]);
      } else if (refused && group[0]) {
        await this.commitRefused(group[0], error);
      } else {
        for (const { reject } of group) reject(error);
      }
      return;
    }
    faultPoint('committed');
    const committed = group.filter(({ load }) => !leftOut.has(load.entry.key));
    await Promise.all(committed.map(({ load }) => this.keepRecord(load)));
    faultPoint('record-written');
    for (const { load, resolve } of group) resolve(load.entry);
  }

  /**
   * After the commit, so that a rebuild makes what was committed. Without a record it uses the raw
   * document.
   */
  private async keepRecord(load: Load): Promise<void> {
    await writeLoadRecord(this.context.lake, load).catch((error: unknown) =>
      this.context.log.warn({ key: load.entry.key }, `keeping the record of a load: ${describeError(error)}`),
    );
  }

  /** The warehouse will never accept these rows: the document is quarantined in their place. */
  private async commitRefused(refused: Submitted, error: unknown): Promise<void> {
    if (refused.load.tables.length === 0) return refused.reject(error);
    const reason = documentsReason(error, refused.load.entry, this.context);
    const nothing = { tables: [], rejects: 0, checks: [] };
    const entry = ledgerEntry({ ...refused.load.entry, ...reason, ...nothing });
    await this.commitTogether([{ ...refused, load: { entry, tables: [], rejectsPath: null } }]);
  }
}
