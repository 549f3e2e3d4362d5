import { jsonOfTexts } from '../../text/well-formed.js';
import { version } from '../../runtime/version.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { ledgerRows } from '../staging/ledger-rows.js';
import { documentId } from '../rules/document-id.js';
import { jsonRows, parquets, utcTimestamp } from '../staging/sql.js';
import { ledgerColumns, rejectColumns } from '../ledger/ledger-columns.js';
import type { LedgerEntry, LedgerRow } from '../types.js';
import type { BigQueryClient } from './client.js';
import { columnTypeOfKind, fromStaging } from './column-types.js';
import { listNulls } from './list-nulls.js';
import { identifier, literal } from './sql.js';
import type { Stager } from '../staging/stager.js';
import { type StagingFile, stageQuery } from './stage.js';

const stagedLedger = ledgerColumns.map(({ column, kind }) => ({
  name: column,
  type: columnTypeOfKind(kind),
}));
const stagedRejects = rejectColumns.map(({ column, kind }) => ({
  name: column,
  type: columnTypeOfKind(kind),
}));

/** Writes the ledger rows of loads to a file for staging. */
export function stageLedger(stager: Stager, rows: LedgerRow[]): Promise<StagingFile> {
  const values = ledgerColumns.map(({ column, kind }) =>
    kind === 'time' ? `${utcTimestamp(column)} AS ${column}` : column,
  );
  const objects = rows.map((row) =>
    Object.fromEntries(ledgerColumns.map(({ field, column }) => [column, row[field]])),
  );
  return stageQuery(stager, stagedLedger, `SELECT ${values} FROM ${ledgerRows}`, {
    rows: jsonOfTexts(objects),
  });
}

/**
 * Writes rejects, and lists that lose NULLs, to a file for staging. Returns undefined if there are
 * none.
 */
export async function stageRejects(
  stager: Stager,
  loads: TimedLoad[],
  hasListNulls: boolean,
): Promise<StagingFile | undefined> {
  const names = stagedRejects.map(({ name }) => name).join(', ');
  const lists = `SELECT ${names} FROM ${listNulls}`;
  const rejected = loads.filter(({ load }) => load.rejectsPath);
  if (rejected.length === 0) {
    return hasListNulls ? stageQuery(stager, stagedRejects, lists, {}) : undefined;
  }
  const documents = rejected.map(({ load: { entry, rejectsPath }, loadedAt }) => ({
    path: rejectsPath,
    seller_id: entry.sellerId,
    document_id: entry.documentId,
    report_id: entry.reportId,
    report_type: entry.reportType,
    loaded_at: loadedAt,
  }));
  const rows = jsonRows('documents', {
    path: 'VARCHAR',
    seller_id: 'VARCHAR',
    document_id: 'VARCHAR',
    report_id: 'VARCHAR',
    report_type: 'VARCHAR',
    loaded_at: 'VARCHAR',
  });
  const files = rejected.flatMap(({ load }) => load.rejectsPath ?? []);
  return stageQuery(
    stager,
    stagedRejects,
    `SELECT seller_id, document_id, report_id, report_type, table_name, row_number, column_name, raw, reason, ${utcTimestamp('batch.loaded_at')} AS loaded_at
     FROM ${parquets(files, '__file')} JOIN ${rows} batch ON path = __file UNION ALL ${lists}`,
    { documents: JSON.stringify(documents) },
  );
}

/** The statements that replace existing ledger rows and rejects by the staged ones. */
export function ledgerStatements(
  client: BigQueryClient,
  staged: { ledger: string; rejects?: string },
  replaced: LedgerEntry[],
  gone: string[],
): string[] {
  const statements: string[] = [];
  const documents = replaced.map(({ sellerId, documentId: document }) =>
    literal(documentId({ seller: sellerId, document })),
  );
  if (documents.length > 0) {
    statements.push(
      `DELETE FROM ${client.table('_rejects')} WHERE CONCAT(IFNULL(seller_id, ''), '/', document_id) IN (${documents.join(', ')})`,
    );
  }
  const keys = [...replaced.map(({ key }) => key), ...gone].map(literal);
  if (keys.length > 0)
    statements.push(`DELETE FROM ${client.table('_loads')} WHERE key IN (${keys.join(', ')})`);
  const values = (columns: typeof stagedLedger) =>
    columns.map(({ name, type }) => fromStaging(identifier(name), type)).join(', ');
  const names = (columns: typeof stagedLedger) => columns.map(({ name }) => identifier(name)).join(', ');
  statements.push(
    `INSERT INTO ${client.table('_loads')} (${names(stagedLedger)}, version) SELECT ${values(stagedLedger)}, ${literal(version)} FROM ${staged.ledger}`,
  );
  if (staged.rejects) {
    statements.push(
      `INSERT INTO ${client.table('_rejects')} (${names(stagedRejects)}) SELECT ${values(stagedRejects)} FROM ${staged.rejects}`,
    );
  }
  return statements;
}
