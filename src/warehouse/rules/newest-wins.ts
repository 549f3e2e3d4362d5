import type { ResolvedColumn } from '../../schema/types.js';
import { coversMarketplaceOf, shareSellers, type TableBatch, type TableLoad } from './plan-batches.js';
import { Refusal } from './refusal.js';

/**
 * The load modes, which every warehouse carries out in its own SQL. The rows that the same
 * documents loaded before are already deleted.
 * - `append`: all rows are inserted.
 * - `merge` and `replace`: the newest report that has a key replaces all rows of that key; rows
 *   with the same key within one document all stay.
 * - `snapshot`: a report replaces all older ones of the seller that cover one of its marketplaces;
 *   a report without marketplaces covers all of them.
 *
 * Documents are compared by the ranks of a batch; a document of the table without one is older than
 * all that come. The resulting table does not depend on the order in which reports arrive, how many
 * arrive at once, or how often.
 */

/** Snapshots of a batch that a newer one replaces: none of their rows are inserted. */
export function lateSnapshots({ loads, others }: TableBatch): Set<TableLoad> {
  const all = [...loads, ...others];
  return new Set(
    loads.filter((one) => all.some((other) => other.rank > one.rank && coversMarketplaceOf(other, one))),
  );
}

/**
 * Whether rows of the batch may be left out because a newer report has their keys, so that they
 * must be counted.
 */
export function mayBeSuperseded({ loads, others }: TableBatch): boolean {
  const mode = loads[0]?.table.mode;
  if (mode !== 'merge' && mode !== 'replace') return false;
  return shareSellers(loads) || others.some((other) => loads.some((each) => other.rank > each.rank));
}

/**
 * The key columns of the documents of a batch; none if its load mode needs no key. Errors:
 * `Refusal` if the table lacks a key that its load mode needs.
 */
export function keyColumns({ loads }: Pick<TableBatch, 'loads'>): ResolvedColumn[] {
  const table = loads[0]?.table;
  if (!table || (table.mode !== 'merge' && table.mode !== 'replace')) return [];
  if (table.key.length === 0) throw new Refusal(`table ${table.name}: ${table.mode} needs a key`);
  return table.key.map((name) => {
    const column = table.columns.find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (column) return column;
    throw new Refusal(`table ${table.name}: there is no column ${name}, which is in its key`);
  });
}
