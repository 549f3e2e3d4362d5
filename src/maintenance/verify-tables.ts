import type { PipelineContext } from '../ingest/context.js';
import { readLoadRecord } from '../ingest/load-record.js';
import { ledgerKey, type RowDifference } from '../warehouse/types.js';
import { pluralize } from '../text/pluralize.js';
import type { Finding } from './verify-findings.js';

/** Compares the rows of a table, document by document, with the ledger. */
export async function checkTable(table: string, context: PipelineContext): Promise<Finding[]> {
  const { schemas, warehouse } = context;
  const filledBy = [...schemas.values()].flatMap(({ tables }) => tables.filter(({ name }) => name === table));
  // A table without a schema is filled by `append`.
  const isAppend = filledBy.every(({ load }) => load.mode === 'append');
  const findings: Finding[] = [];
  for (const difference of await warehouse.rowDifferences(table, { isAppend })) {
    const wasReplaced = isAppend && (await mayBeReplaced(table, difference, context));
    if (!wasReplaced) findings.push(rowFinding(table, difference));
  }
  return findings;
}

/**
 * Whether a document was loaded while its table had another load mode, so that other reports may
 * have replaced its rows.
 */
async function mayBeReplaced(
  table: string,
  { key, sellerId, expected, found, isNewest }: RowDifference,
  { lake }: PipelineContext,
): Promise<boolean> {
  if (key === null || found >= expected || isNewest) return false;
  const record = await readLoadRecord(lake, { key, sellerId });
  return record?.tables.some(({ name, mode }) => name === table && mode !== 'append') ?? false;
}

function rowFinding(table: string, { key, sellerId, documentId, expected, found }: RowDifference): Finding {
  const about = { path: null, table, key: key ?? ledgerKey({ sellerId: sellerId ?? '', documentId }) };
  if (key === null) {
    const text = `${pluralize(found, 'row')} of a document that the ledger does not have in this table`;
    return { ...about, kind: 'rows_orphaned', rows: found, found: text, repair: 'none' };
  }
  const text = `${pluralize(found, 'row')}, the ledger says ${expected}`;
  const [kind, rows] =
    found < expected
      ? (['rows_missing', expected - found] as const)
      : (['rows_surplus', found - expected] as const);
  return { ...about, kind, rows, found: text, repair: 'possible' };
}

/** The finding about a table that the ledger has rows for and that is not there. */
export function missingTable(table: string, rows: number): Finding {
  const found = `the warehouse has no such table, the ledger has ${pluralize(rows, 'row')} of it`;
  return { kind: 'table_missing', path: null, key: null, table, rows, found, repair: 'possible' };
}
