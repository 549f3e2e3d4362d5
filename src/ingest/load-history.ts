import type { Logger } from 'pino';
import { pipelinesOf } from '../config/pipelines-of.js';
import type { Config } from '../config/spec.js';
import { ReportsError } from '../errors/reports-error.js';
import { documentsReason } from '../privacy/pii-policy.js';
import type { Clock } from '../runtime/clock.js';
import type { ReportSchemas } from '../schema/types.js';
import type { Store } from '../store/types.js';
import { ledgerEntry } from '../warehouse/ledger/ledger-entry.js';
import {
  type ComparedDocument,
  comparedFields,
  documentStatuses,
} from '../warehouse/rules/other-documents.js';
import type { Load, Warehouse } from '../warehouse/types.js';
import { compareLoads } from './compare-loads.js';
import { warnOfLostWarehouse } from './lost-warehouse.js';

/** The part of a context that commits take. */
export interface CommitContext {
  config: Config;
  schemas: ReportSchemas;
  lake: Store;
  warehouse: Warehouse;
  clock: Clock;
  log: Logger;
}

/** Earlier documents of a seller and report type that are compared with a new one. */
const maxEarlier = 100;

/**
 * The earlier loads of each seller and report type, the last loaded first. Those of one are read
 * from the ledger once; then the loads that pass here are added, until `forget`.
 */
export class LoadHistory {
  private readonly known = new Map<string, ComparedDocument[]>();
  private isWarehouseChecked = false;

  constructor(private readonly context: CommitContext) {}

  /** Forgets all loads, so that they are read from the ledger again. */
  forget(): void {
    this.known.clear();
  }

  /**
   * Returns a load with warnings about what it takes away and lacks in comparison with earlier
   * documents. If a pipeline holds back snapshots that lose rows, such a load is quarantined.
   * Errors: those of reading the ledger.
   */
  async compare(load: Load): Promise<Load> {
    const { entry } = load;
    const { sellerId, reportType } = entry;
    if (load.tables.length === 0 || sellerId === null || reportType === null) {
      // Once committed, it hides that the warehouse had no loads.
      await this.checkWarehouse();
      return load;
    }
    const earlier = await this.earlierOf(sellerId, reportType);
    const { warnings, losses } = compareLoads(load, earlier);
    const isHeld = losses.length > 0 && !load.acceptLoss && this.holds(entry.pipeline, reportType);
    if (isHeld) return this.heldBack(load, losses.map(({ message }) => message).join('; '));
    earlier.unshift({ ...entry, loadedAt: new Date(this.context.clock.now()).toISOString() });
    // As many as the ledger is read for: a run may load thousands of one type.
    earlier.length = Math.min(earlier.length, maxEarlier);
    const added = [...losses, ...warnings];
    for (const { code, message } of added) this.context.log.warn({ key: entry.key, code }, message);
    return { ...load, entry: { ...entry, warnings: [...entry.warnings, ...added] } };
  }

  private async earlierOf(sellerId: string, reportType: string): Promise<ComparedDocument[]> {
    const key = JSON.stringify([sellerId, reportType]);
    const known =
      this.known.get(key) ??
      (await this.context.warehouse.loadFields(comparedFields, {
        sellerId,
        reportType,
        statuses: [...documentStatuses],
        limit: maxEarlier,
      }));
    this.known.set(key, known);
    if (known.length > 0) this.isWarehouseChecked = true;
    await this.checkWarehouse();
    return known;
  }

  private async checkWarehouse(): Promise<void> {
    if (this.isWarehouseChecked) return;
    this.isWarehouseChecked = true;
    await warnOfLostWarehouse(this.context);
  }

  private holds(pipeline: string | null, reportType: string): boolean {
    const pipelines = pipelinesOf({ pipeline, reportType }, this.context.config);
    return pipelines.some(({ snapshotLoss }) => snapshotLoss === 'hold');
  }

  private heldBack({ entry }: Load, found: string): Load {
    const { reportType, documentId } = entry;
    const error = new ReportsError('SNAPSHOT_HELD', { reportType, documentId, found });
    const reason = documentsReason(error, entry, this.context);
    const nothing = { tables: [], rejects: 0, checks: [], warnings: [] };
    return { entry: ledgerEntry({ ...entry, ...reason, ...nothing }), tables: [], rejectsPath: null };
  }
}
