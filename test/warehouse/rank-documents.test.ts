import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ledgerEntry } from '../../src/warehouse/ledger/ledger-entry.js';
import { rankDocuments } from '../../src/warehouse/ledger/rank-documents.js';
import type { LedgerRow } from '../../src/warehouse/types.js';

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
    async readFilled(_table: string, sinceIso: string, sellerIds: string[] | undefined) {
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
});
