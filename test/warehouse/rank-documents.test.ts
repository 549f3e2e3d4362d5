import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import type { FilledSearch } from '../../src/warehouse/ledger/ledger-queries.js';
import { rankDocuments } from '../../src/warehouse/ledger/rank-documents.js';
import { rankTogether } from '../../src/warehouse/bigquery/rank-together.js';
import type { LedgerRow, LoadTable } from '../../src/warehouse/types.js';

type Document = Pick<
  LedgerRow,
  'key' | 'sellerId' | 'documentId' | 'marketplaceIds' | 'reportId' | 'reportCreatedAt' | 'loadedAt'
>;

/** Few times and ids, so that many documents share one. */
const document = fc.record({
  sellerId: fc.constantFrom('A1', 'B2', null),
  reportId: fc.constantFrom('7', '8', '10', null),
  reportCreatedAt: fc.constantFrom(
    '2026-10-01T00:00:00.000Z',
    '2026-10-01T00:00:00.000001Z',
    '2026-10-01T00:00:00.000010Z',
    '2026-10-02T00:00:00.000Z',
    null,
  ),
  loadedAt: fc.constantFrom('2026-10-01T00:00:00.000Z', '2026-10-01T12:00:00.123456Z'),
});

/** The documents of a generated list, each with its own key. */
const documents = fc.array(document, { minLength: 1, maxLength: 12 }).map((list) =>
  list.map(
    (each, index): Document => ({
      ...each,
      key: `${each.sellerId}/D${index}`,
      documentId: `D${index}`,
      marketplaceIds: [],
    }),
  ),
);

/** A ledger that returns the requested rows and, as SQL may, more. */
function ledgerOf(rows: Document[]) {
  return {
    async readFilled({ sinceIso, sellerIds }: FilledSearch) {
      const micros = (iso: string) => iso.slice(0, -1).padEnd(26, '0');
      return rows.filter(
        (row) =>
          micros(row.reportCreatedAt ?? row.loadedAt) >= micros(sinceIso) &&
          (!sellerIds || (row.sellerId !== null && sellerIds.includes(row.sellerId))),
      );
    },
  };
}

const coming = (list: Document[]) =>
  list.map((each) => ({ entry: ledgerEntry({ ...each, status: 'loaded' }), loadedAt: each.loadedAt }));

const orderOf = async (rows: Document[], arriving: Document[]) =>
  (await rankDocuments(ledgerOf(rows), 'orders', coming(arriving)))
    .toSorted((a, b) => a.rank - b.rank)
    .map(({ key }) => key);

describe('the rank of documents in a table', () => {
  it('is the same whichever of them are already in the ledger and whichever arrive together', async () => {
    await fc.assert(
      fc.asyncProperty(documents, fc.infiniteStream(fc.boolean()), async (all, arrives) => {
        const whole = await orderOf([], all);
        const arriving = all.filter(() => arrives.next().value);
        if (arriving.length === 0) return;
        const rest = all.filter((each) => !arriving.includes(each));
        const found = await orderOf(rest, arriving);
        assert.deepEqual(
          found,
          whole.filter((key) => found.includes(key)),
        );
        for (const { key } of arriving) assert.ok(found.includes(key), `${key} has no rank`);
        // A document that is left out is older than all that arrive of its seller, or belongs to
        // another seller.
        for (const left of rest.filter(({ key }) => !found.includes(key))) {
          for (const each of arriving.filter(({ sellerId }) => sellerId === left.sellerId)) {
            assert.ok(whole.indexOf(left.key) < whole.indexOf(each.key));
          }
        }
      }),
    );
  });

  it('follows the creation to the microsecond, then the report id as a number, then the key', async () => {
    const at = (reportCreatedAt: string | null, reportId: string, key: string, loadedAt = ''): Document => ({
      key,
      sellerId: 'A1',
      documentId: key,
      marketplaceIds: [],
      reportId,
      reportCreatedAt,
      loadedAt,
    });
    const inOrder = [
      at('2026-10-01T00:00:00.000Z', '99', 'a'),
      at('2026-10-01T00:00:00.000009Z', '99', 'b'),
      at('2026-10-01T00:00:00.000010Z', '99', 'c'),
      at('2026-10-01T00:00:00.000010Z', '100', 'd'),
      at('2026-10-01T00:00:00.000010Z', '100', 'e'),
      // From disk: it counts as created when it was loaded.
      at(null, '', 'f', '2026-10-01T00:00:00.000011Z'),
    ];
    assert.deepEqual(
      await orderOf([], inOrder.toReversed()),
      inOrder.map(({ key }) => key),
    );
  });

  it('does not count a document twice that is loaded again', async () => {
    const [one] = fc.sample(documents, 1)[0] as [Document];
    assert.deepEqual(await orderOf([one], [one]), [one.key]);
  });

  it('is the same if all tables of a commit are searched together, once', () =>
    fc.assert(
      fc.asyncProperty(
        documents,
        fc.array(fc.subarray(['orders', 'items', 'fees']), { minLength: 12, maxLength: 12 }),
        fc.nat(11),
        async (all, tables, split) => {
          const filling = all.map((each, index) => ({ ...each, tables: tables[index] ?? [] }));
          const [present, arriving] = [filling.slice(0, split), filling.slice(split)];
          const loads = coming(arriving).map(({ entry, loadedAt }, index) => ({
            load: { entry, tables: tablesNamed(arriving[index]?.tables ?? []), rejectsPath: null },
            loadedAt,
          }));
          let searches = 0;
          const rank = rankTogether(
            {
              async readFilledTogether(all) {
                searches += 1;
                const found = await Promise.all(
                  all.map((search) =>
                    ledgerOf(present.filter((row) => row.tables.includes(search.table))).readFilled(search),
                  ),
                );
                return present.filter((row) => found.flat().includes(row));
              },
            },
            loads,
          );
          for (const table of ['orders', 'items', 'fees']) {
            const own = loads.filter(({ load }) => load.tables.some(({ name }) => name === table));
            if (own.length === 0) continue;
            const ofTable = own.map(({ load: { entry }, loadedAt }) => ({ entry, loadedAt }));
            const alone = await rankDocuments(
              ledgerOf(present.filter((row) => row.tables.includes(table))),
              table,
              ofTable,
            );
            assert.deepEqual(await rank(table, ofTable), alone);
          }
          assert.ok(searches <= 1);
        },
      ),
    ));
});

function tablesNamed(names: string[]): LoadTable[] {
  return names.map((name) => ({ name, mode: 'merge', key: [], columns: [], parquetPath: null, rows: 0 }));
}
