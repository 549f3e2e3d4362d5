import type { Logger } from 'pino';
import { pluralize } from '../text/pluralize.js';

/** Says once how many files could not be compared with a hash, as a version that took none wrote them. */
export function noteUnchecked(log: Logger, files: number): void {
  if (files === 0) return;
  log.info(
    `${pluralize(files, 'file')} of an earlier version without a hash: only their sizes were compared with the ledger; a reload records hashes`,
  );
}
