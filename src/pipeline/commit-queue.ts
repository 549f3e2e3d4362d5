import { describeError, ReportsError } from '../errors.js';
import type { QueueMessage } from '../source/types.js';
import type { LedgerEntry, Load } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { faultPoint } from './fault-point.js';
import { ledgerEntry, quarantineReason } from './ledger-entry.js';
import { writeLoadRecord } from './load-record.js';

interface Submitted {
  load: Load;
  /** Read when the commit is done: duplicates may have joined meanwhile. */
  messages: QueueMessage[];
  done: (entry: LedgerEntry) => void;
  failed: (error: unknown) => void;
}

/**
 * Commits loads, and only then acknowledges their messages. One commit at a time: what is submitted meanwhile waits and is committed
 * together in the next transaction.
 */
export class CommitQueue {
  private waiting: Submitted[] = [];
  private running = false;

  constructor(private readonly context: PipelineContext) {}

  /** Resolves with the entry as committed, its messages acknowledged. Rejects, nothing acknowledged, where the warehouse can't be had. */
  submit(load: Load, messages: QueueMessage[]): Promise<LedgerEntry> {
    return new Promise((done, failed) => {
      this.waiting.push({ load, messages, done, failed });
      if (!this.running) void this.run();
    });
  }

  private async run(): Promise<void> {
    this.running = true;
    while (this.waiting.length > 0) {
      const group = this.waiting;
      this.waiting = [];
      await this.commitTogether(group);
    }
    this.running = false;
  }

  private async commitTogether(group: Submitted[]): Promise<void> {
    try {
      for (const { load } of group) await writeLoadRecord(this.context.config.lake, load);
      faultPoint('record-written');
      await this.context.warehouse.commit(group.map(({ load }) => load));
    } catch (error) {
      // Only a refusal is about a document; all else is about the warehouse, and the messages stay on the queue.
      const refused = error instanceof ReportsError && error.code === 'WAREHOUSE_REFUSED';
      if (!refused) {
        for (const { failed } of group) failed(error);
      } else if (group.length > 1) {
        for (const one of group) await this.commitTogether([one]);
      } else if (group[0]) {
        await this.commitRefused(group[0], error);
      }
      return;
    }
    faultPoint('committed');
    for (const one of group) await this.acknowledge(one);
  }

  /** The warehouse will never take these rows: the document is quarantined in their place. */
  private async commitRefused(refused: Submitted, error: unknown): Promise<void> {
    if (refused.load.tables.length === 0) return refused.failed(error);
    const entry = ledgerEntry({ ...refused.load.entry, ...quarantineReason(error), tables: [], rejects: 0 });
    await this.commitTogether([{ ...refused, load: { entry, tables: [], rejectsPath: null } }]);
  }

  private async acknowledge({ load, messages, done }: Submitted): Promise<void> {
    for (const message of messages.splice(0)) {
      // A message that could not be deleted comes again and finds the ledger row.
      await message
        .ack()
        .catch((error: unknown) =>
          this.context.log.warn(
            { messageId: message.messageId },
            `deleting a message: ${describeError(error)}`,
          ),
        );
      faultPoint('acked');
    }
    done(load.entry);
  }
}
