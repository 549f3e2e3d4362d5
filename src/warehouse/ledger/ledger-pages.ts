import type { Clock } from '../../runtime/clock.js';
import type { LedgerField, LedgerFilter, LedgerRow, Warehouse } from '../types.js';

const rowsPerPage = 1000;

type Ledger = Pick<Warehouse, 'loads' | 'loadFields' | 'seen'>;
type PageFilter = Omit<LedgerFilter, 'loadedBefore' | 'loadedSince' | 'after' | 'limit'>;

/**
 * The ledger rows of now that fit a filter, the first loaded first, in pages: a ledger of any size
 * needs the memory of one page. A document that is loaded again meanwhile comes at most once.
 */
export async function* ledgerPages(
  ledger: Ledger,
  clock: Clock,
  filter: PageFilter = {},
): AsyncGenerator<LedgerRow[]> {
  yield* pages(ledger, clock, filter, (pageOf) => ledger.loads(pageOf));
}

/** As `ledgerPages`, with some fields only. */
export async function* ledgerFieldPages<Field extends LedgerField>(
  ledger: Ledger,
  clock: Clock,
  fields: readonly Field[],
  filter: PageFilter = {},
): AsyncGenerator<Pick<LedgerRow, Field>[]> {
  const wanted = [...fields, ...cursor];
  yield* pages(ledger, clock, filter, (pageOf) => ledger.loadFields<Field | keyof Cursor>(wanted, pageOf));
}

const cursor = ['loadedAt', 'key'] as const satisfies LedgerField[];
type Cursor = Pick<LedgerRow, (typeof cursor)[number]>;

async function* pages<Row extends Cursor>(
  { loadFields, seen }: Ledger,
  clock: Clock,
  filter: PageFilter,
  read: (filter: LedgerFilter) => Promise<Row[]>,
): AsyncGenerator<(Row | LedgerRow)[]> {
  const now = new Date(clock.now()).toISOString();
  // None, unless the clock was ahead at some time: loads from now on would come after them.
  const ahead = await loadFields(['key'], { ...filter, loadedSince: now });
  let after: Cursor | undefined = { loadedAt: new Date(0).toISOString(), key: '' };
  while (after !== undefined) {
    const page: Row[] = await read({ ...filter, loadedBefore: now, after, limit: rowsPerPage });
    if (page.length > 0) yield page;
    after = page.length < rowsPerPage ? undefined : page.at(-1);
  }
  for (let start = 0; start < ahead.length; start += rowsPerPage) {
    const keys = ahead.slice(start, start + rowsPerPage).map(({ key }) => key);
    const rows = [...(await seen(keys)).values()];
    if (rows.length > 0) yield rows;
  }
}
