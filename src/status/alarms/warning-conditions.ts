import { raisesAlarm } from '../../errors/warnings.js';
import type { LedgerSnapshot } from '../types.js';
import type { Condition } from './condition.js';

/**
 * A warning stays in the ledger for good: it is a condition for this long after the last document
 * that had it was loaded, or until that document is loaded again without it.
 */
const lastsMs = 7 * 86_400_000;

/**
 * Returns one condition for each report type and code: a thousand documents with the same warning
 * are one thing. It contains the code and never the message, which may quote the document and would
 * end up where no purge reaches.
 */
export function warningConditions(
  { warnings, warned }: Pick<LedgerSnapshot, 'warnings' | 'warned'>,
  settings: Record<string, boolean>,
  at: string,
): Condition[] {
  return warnings
    .filter(({ code }) => raisesAlarm(code, settings))
    .filter(({ lastLoadedAt }) => Date.parse(at) - Date.parse(lastLoadedAt) < lastsMs)
    .map(({ reportType, code, lastLoadedAt }) => {
      const last = warned.find(
        (each) => each.reportType === reportType && each.warnings.some((warning) => warning.code === code),
      );
      const remedy = last?.warnings.find((warning) => warning.code === code)?.remedy;
      const document = last?.documentId ? `Last in ${last.documentId}. ` : '';
      const option = reportType === null ? '' : ` --type ${reportType}`;
      return {
        key: `warning/${reportType ?? ''}/${code}`,
        kind: 'warning',
        title: `${reportType ?? 'A document'} was loaded with the warning ${code}`,
        text: `${document}${remedy ? `${remedy} ` : ''}See \`sp-reports loads --warnings${option}\`.`,
        since: lastLoadedAt,
      };
    });
}
