import type { Logger } from 'pino';
import { pluralize } from '../text/pluralize.js';

/** Logs once how many files have no hash to compare, because an earlier version wrote them. */
export function noteUnchecked(log: Logger, files: number): void {
  if (files === 0) return;
  log.info(
    `${pluralize(files, 'file')} of an earlier version without a hash: only their sizes were compared with the ledger; a reload records hashes`,
  );
}
