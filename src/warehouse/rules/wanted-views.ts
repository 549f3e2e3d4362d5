import { type Clock, systemClock } from '../../runtime/clock.js';
import type { View } from '../../schema/views.js';

/** Making a view may keep its readers waiting, so one that failed is not tried at each commit. */
const minMsAfterFailure = 60_000;

/** The views that the commits of a process make, which change with their files. */
export class WantedViews {
  /** Whether the warehouse has the views as they are here. */
  private isFresh: boolean;
  private failedAtMs: number | undefined;
  /** Counts what may have made the views of the warehouse other than those here. */
  private changes = 0;

  constructor(
    private views: View[] = [],
    private readonly clock: Pick<Clock, 'now'> = systemClock,
  ) {
    this.isFresh = views.length === 0;
  }

  get list(): View[] {
    return this.views;
  }

  /** Whether to make views now: some may not be as they are here, and none failed just before. */
  get isDue(): boolean {
    if (this.isFresh) return false;
    return this.failedAtMs === undefined || this.clock.now() - this.failedAtMs >= minMsAfterFailure;
  }

  /** Takes the views as their files say now. */
  replace(views: View[]): void {
    if (definitionOf(views) !== definitionOf(this.views)) this.expire();
    this.views = views;
  }

  /** Notes that the views may not be as they are here: a table changed. */
  expire(): void {
    this.changes += 1;
    this.isFresh = false;
    this.failedAtMs = undefined;
  }

  /**
   * Makes views by `make`, which returns whether all are as they should be. If a view or a table
   * changes meanwhile, or `make` fails, views stay due.
   */
  async refresh(make: (views: View[]) => Promise<boolean>): Promise<void> {
    const { changes } = this;
    this.isFresh = false;
    const isFresh = await make(this.views);
    if (changes !== this.changes) return;
    this.isFresh = isFresh;
    this.failedAtMs = isFresh ? undefined : this.clock.now();
  }
}

function definitionOf(views: View[]): string {
  return JSON.stringify(
    views.map(({ name, sql, description, tables }) => [
      name,
      sql,
      description,
      tables.map((group) => group.map((table) => [table.name, table.isOptional])),
    ]),
  );
}
