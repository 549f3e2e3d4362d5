import { type CoveredPeriod, isGap } from './coverage.js';
import type { Coverage } from './read-coverage.js';

/** A period of one table. */
export interface TablePeriod extends CoveredPeriod {
  table: string;
  reportType: string;
  sellerId: string;
  marketplaceIds: string[];
  isRequested: boolean;
}

/** The periods of each table, or only its gaps. */
export function tablePeriods(coverages: Coverage[], { onlyGaps }: { onlyGaps: boolean }): TablePeriod[] {
  return coverages.flatMap(({ tables, periods, ...source }) =>
    tables.flatMap((table) =>
      periods
        .filter((period) => !onlyGaps || isGap(period))
        .map((period) => ({ table, ...source, ...period })),
    ),
  );
}
