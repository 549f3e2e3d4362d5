import { ledgerKey } from '../warehouse/types.js';
import type { ReportJob } from './report-job.js';

/**
 * The reports in flight, by ledger key and by report, because one notification may lack the
 * document id that another has. Ledger entries without a report count too. Each change wakes those
 * who wait for one.
 */
export class InFlight {
  private readonly jobs = new Map<string, ReportJob>();
  private count = 0;
  private listeners: (() => void)[] = [];

  get size(): number {
    return this.count;
  }

  /** The job in flight for the same report, if there is one. */
  find(job: ReportJob): ReportJob | undefined {
    return this.jobs.get(job.key) ?? this.jobs.get(reportKey(job));
  }

  add(job: ReportJob): void {
    this.jobs.set(job.key, job);
    this.jobs.set(reportKey(job), job);
    this.count += 1;
  }

  /** From here on no message joins the job. It counts as in flight until `ended`. */
  close(job: ReportJob): void {
    this.jobs.delete(job.key);
    this.jobs.delete(reportKey(job));
  }

  /** Counts an entry in flight that no message can join. */
  begun(): void {
    this.count += 1;
  }

  ended(): void {
    this.count -= 1;
    this.changed();
  }

  changed(): void {
    for (const listener of this.listeners.splice(0)) listener();
  }

  /** Resolves when the condition holds; it is checked after each change. */
  async until(isMet: () => boolean): Promise<void> {
    while (!isMet()) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }
}

function reportKey({ key, report: { sellerId, reportId } }: ReportJob): string {
  return reportId ? ledgerKey({ sellerId, reportId }) : key;
}
