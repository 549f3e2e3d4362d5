import type { Clock } from '../../runtime/clock.js';
import type { LedgerFilter, LedgerRow, Warehouse } from '../types.js';

const rowsPerPage = 1000;

/**
 * The ledger rows of now that fit a filter, the first loaded first, in pages: a ledger of any size
 * needs the memory of one page. A row that is loaded again meanwhile does not come twice.
 */
export async function* ledgerPages(
  { loads, loadFields, seen }: Pick<Warehouse, 'loads' | 'loadFields' | 'seen'>,
  clock: Clock,
  filter: Omit<LedgerFilter, 'loadedBefore' | 'loadedSince' | 'after' | 'limit'> = {},
): AsyncGenerator<LedgerRow[]> {
  const now = new Date(clock.now()).toISOString();
  // None, unless the clock was ahead at some time: loads of now would come after them.
  const ahead = await loadFields(['key'], { ...filter, loadedSince: now });
  let after: LedgerFilter['after'] = { loadedAt: new Date(0).toISOString(), key: '' };
  while (after !== undefined) {
    const page: LedgerRow[] = await loads({ ...filter, loadedBefore: now, after, limit: rowsPerPage });
    if (page.length > 0) yield page;
    after = page.length < rowsPerPage ? undefined : page.at(-1);
  }
  for (let start = 0; start < ahead.length; start += rowsPerPage) {
    const keys = ahead.slice(start, start + rowsPerPage).map(({ key }) => key);
    const rows = [...(await seen(keys)).values()];
    if (rows.length > 0) yield rows;
  }
}
