import type { LedgerFilter, LedgerRow, Warehouse } from '../types.js';

const rowsPerPage = 1000;

/**
 * The ledger rows that fit a filter, by key, in pages: a ledger of any size needs the memory of one
 * page.
 */
export async function* ledgerPages(
  { loads }: Pick<Warehouse, 'loads'>,
  filter: Omit<LedgerFilter, 'afterKey' | 'limit'> = {},
): AsyncGenerator<LedgerRow[]> {
  let afterKey: string | undefined = '';
  while (afterKey !== undefined) {
    const page: LedgerRow[] = await loads({ ...filter, afterKey, limit: rowsPerPage });
    if (page.length > 0) yield page;
    afterKey = page.length < rowsPerPage ? undefined : page.at(-1)?.key;
  }
}
