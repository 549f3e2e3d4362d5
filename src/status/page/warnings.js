import { ago, badge, bodyOf, firstOf, h, nothing, number, show, table } from './dom.js';
import { sellerName } from './overview.js';

/** @import { StatusSnapshot, WarnedLoad } from '../types.js' */
/** @import { SellerNames } from './overview.js' */

/**
 * Shows documents that were loaded with warnings, each with what to do.
 *
 * @param {StatusSnapshot} snapshot
 */
export function showWarnings({ warehouse, sellers }) {
  const { warned = [], withWarnings = 0 } = warehouse.ledger ?? {};
  const names = new Map(sellers.map(({ sellerId, name }) => [sellerId, name]));
  show(bodyOf('warnings'), [warned, withWarnings], () => {
    if (warned.length === 0) return nothing('No document has a warning.');
    return [
      h(
        'p',
        { class: 'actions' },
        withWarnings > warned.length
          ? `The latest ${warned.length} of ${number(withWarnings)}.`
          : `${number(withWarnings)} in all.`,
      ),
      firstOf('warnings', warned, 10, (rows) => warningsTable(rows, names)),
    ];
  });
}

/**
 * @param {WarnedLoad[]} rows
 * @param {SellerNames} names
 */
function warningsTable(rows, names) {
  return table(
    'Documents with warnings',
    [
      {
        title: 'Document',
        wrap: true,
        cell: (row) => [
          h('code', {}, row.reportType ?? ''),
          h('p', { class: 'muted id', title: row.key }, row.documentId ?? row.reportId ?? row.key),
        ],
      },
      { title: 'Seller', cell: ({ sellerId }) => sellerName(sellerId, names) },
      {
        title: 'Warning',
        wide: true,
        cell: ({ warnings }) =>
          warnings.map(({ code, message, remedy }) =>
            h(
              'div',
              { class: 'warning' },
              badge('warn', code),
              h('p', { class: 'reason' }, message),
              remedy && h('p', { class: 'remedy' }, remedy),
            ),
          ),
      },
      { title: 'Loaded', cell: ({ loadedAt }) => ago(loadedAt) },
    ],
    rows,
  );
}
