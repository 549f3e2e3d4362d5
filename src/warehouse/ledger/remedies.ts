import { catalogue, type ErrorCode, ReportsError } from '../../errors/reports-error.js';
import { type Warning, warningRemedy } from '../../errors/warnings.js';
import type { LedgerEntry } from '../types.js';

type Ids = Pick<LedgerEntry, 'key' | 'documentId' | 'reportId' | 'reportType'>;

/** What to do about the reason of a ledger row; undefined if it has none, or one without a code. */
export function reasonRemedy(row: Ids & Pick<LedgerEntry, 'reasonCode'>): string | undefined {
  const { reasonCode } = row;
  if (!reasonCode || !(reasonCode in catalogue)) return undefined;
  return new ReportsError(reasonCode as ErrorCode, detailsOf(row)).remedy;
}

/** The warnings of a ledger row, each with what to do. */
export function warningsWithRemedies(
  row: Ids & Pick<LedgerEntry, 'warnings'>,
): (Warning & { remedy?: string })[] {
  return row.warnings.map((each) => ({ ...each, remedy: warningRemedy(each.code, detailsOf(row)) }));
}

function detailsOf(row: Ids) {
  const documentId = row.documentId ?? row.reportId ?? row.key;
  return { documentId, thing: documentId, reportType: row.reportType };
}
