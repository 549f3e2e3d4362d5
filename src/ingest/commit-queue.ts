import { describeError, isNotTheDocumentsFault, ReportsError } from '../errors/reports-error.js';
import type { QueueMessage } from '../source/types.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { deleteMessage } from './end-message.js';
import { faultPoint } from '../runtime/fault-point.js';
import { ledgerEntry } from './ledger-entry.js';
import { evictLocalCopies, writeLoadRecord } from './load-record.js';
import { documentsReason } from '../privacy/pii-policy.js';

interface Submitted {
  load: Load;
  /** Read when the commit is done: duplicates may have joined meanwhile. */
  messages: QueueMessage[];
  done: (entry: LedgerEntry) => void;
  failed: (error: unknown) => void;
}

/** A commit costs a quarter of a second whatever it holds: so many loads, or so long a wait for more, make it worth while. */
const gather = { loads: 64, milliseconds: 500 };

/**
 * Commits loads, and only then acknowledges their messages. One commit at a time: what is submitted meanwhile waits and is committed
 * together in the next transaction. While `isMoreToCome` a commit waits a little for it.
 */
export class CommitQueue {
  private waiting: Submitted[] = [];
  private running = false;
  private wake = () => {};

  constructor(
    private readonly context: PipelineContext,
    private readonly isMoreToCome: () => boolean = () => false,
  ) {}

  /** Resolves with the entry as committed, its messages acknowledged. Rejects, nothing acknowledged, where the warehouse can't be had. */
  async submit(load: Load, messages: QueueMessage[]): Promise<LedgerEntry> {
    try {
      return await new Promise<LedgerEntry>((done, failed) => {
        this.waiting.push({ load, messages, done, failed });
        if (this.running) this.wake();
        else void this.run();
      });
    } finally {
      await evictLocalCopies(load, this.context.lake);
    }
  }

  /** To be called where what was to come will not. */
  reconsider(): void {
    this.wake();
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      await this.gathered();
      const group = this.waiting;
      this.waiting = [];
      await this.commitTogether(group);
    }
    this.running = false;
  }

  /** Resolves when what waits is worth a commit. */
  private async gathered(): Promise<void> {
    const end = new AbortController();
    let isLate = false;
    this.context.clock.sleep(gather.milliseconds, end.signal).then(
      () => {
        isLate = true;
        this.wake();
      },
      () => {},
    );
    while (this.waiting.length < gather.loads && !isLate && this.isMoreToCome()) {
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
        // One of them is at fault, and must not take the others along.
        for (const one of group) await this.commitTogether([one]);
      } else if (refused && group[0]) {
        await this.commitRefused(group[0], error);
      } else {
        for (const { failed } of group) failed(error);
      }
      return;
    }
    faultPoint('committed');
    const committed = group.filter(({ load }) => !leftOut.has(load.entry.key));
    await Promise.all(committed.map(({ load }) => this.keepRecord(load)));
    faultPoint('record-written');
    await Promise.all(group.map((one) => this.acknowledge(one)));
  }

  /** Behind the commit, so that a rebuild makes what was committed. Without a record it goes back to the raw document. */
  private async keepRecord(load: Load): Promise<void> {
    await writeLoadRecord(this.context.lake, load).catch((error: unknown) =>
      this.context.log.warn({ key: load.entry.key }, `keeping the record of a load: ${describeError(error)}`),
    );
  }

  /** The warehouse will never take these rows: the document is quarantined in their place. */
  private async commitRefused(refused: Submitted, error: unknown): Promise<void> {
    if (refused.load.tables.length === 0) return refused.failed(error);
    const reason = documentsReason(error, refused.load.entry, this.context);
    const nothing = { tables: [], rejects: 0, checks: [] };
    const entry = ledgerEntry({ ...refused.load.entry, ...reason, ...nothing });
    await this.commitTogether([{ ...refused, load: { entry, tables: [], rejectsPath: null } }]);
  }

  private async acknowledge({ load, messages, done }: Submitted): Promise<void> {
    // Another may join while one is deleted.
    for (let message = messages.shift(); message; message = messages.shift()) {
      // A message that could not be deleted comes again and finds the ledger row.
      await deleteMessage(message, this.context.log);
      faultPoint('acked');
    }
    done(load.entry);
  }
}
