import { version } from '../../runtime/version.js';
import { type ColumnKind, ledgerColumns, rejectColumns } from '../ledger/ledger-columns.js';
import type { TimedLoad } from '../rules/commit-rules.js';
import { documentId } from '../rules/document-id.js';
import type { Relations } from '../rules/relations.js';
import type { LedgerRow } from '../types.js';
import type { Loading } from './load-modes.js';
import type { PostgresServer } from './connection.js';
import { rejectsOf } from './copy-rows.js';
import type { Session } from './session.js';
import { documentIdSql, identifier, storable, storableJson } from './sql.js';

/**
 * The type of each kind of ledger column. Unlike the values of reports, the JSON of the ledger is
 * the program's own, and is searched.
 */
const types: Record<ColumnKind, string> = {
  text: 'text',
  list: 'text[]',
  time: 'timestamp with time zone',
  count: 'bigint',
  json: 'jsonb',
};

/**
 * Creates `_loads` and `_rejects` if they are missing, and adds columns that the ledger of an
 * earlier version lacks. The caller holds the lock of commits.
 */
export async function ensureLedger(
  session: Session,
  server: PostgresServer,
  relations: Relations,
): Promise<void> {
  const loads = server.table('_loads');
  if (hasLedger(relations)) {
    const added = lackedColumns(relations).map((column) => `ADD COLUMN IF NOT EXISTS ${columnSql(column)}`);
    if (added.length > 0) await session.run(`ALTER TABLE ${loads} ${added.join(', ')}`);
    return;
  }
  await createSchema(session, server);
  const rejects = server.table('_rejects');
  const statements = [
    `CREATE TABLE IF NOT EXISTS ${loads} (${[...ledgerColumns.map(columnSql), 'version text'].join(', ')}, PRIMARY KEY (key))`,
    `CREATE INDEX ON ${loads} (document_id)`,
    `CREATE INDEX ON ${loads} (report_id)`,
    `CREATE INDEX ON ${loads} (loaded_at, key)`,
    `CREATE INDEX ON ${loads} ((COALESCE(report_created_at, loaded_at)))`,
    `CREATE TABLE IF NOT EXISTS ${rejects} (${rejectColumns.map(columnSql).join(', ')})`,
    `CREATE INDEX ON ${rejects} (document_id)`,
    `COMMENT ON TABLE ${loads} IS 'The ledger: one row for each document, committed together with its rows.'`,
    `COMMENT ON TABLE ${rejects} IS 'Values and rows that do not fit, with their text.'`,
  ];
  await session.runAll(statements);
}

/** Whether the ledger is that of an earlier version. */
export function isOutdated(relations: Relations): boolean {
  return hasLedger(relations) && lackedColumns(relations).length > 0;
}

function lackedColumns(relations: Relations): typeof ledgerColumns {
  return ledgerColumns.filter(({ column }) => !relations.get('_loads')?.columns.has(column));
}

/** `IF NOT EXISTS` would need the right to create schemas even if this one exists. */
async function createSchema(session: Session, { schema }: PostgresServer): Promise<void> {
  const { rows } = await session.run('SELECT 1 FROM pg_namespace WHERE nspname = $1', [schema]);
  if (rows.length === 0) await session.run(`CREATE SCHEMA ${identifier(schema)}`);
}

function columnSql({ column, kind }: { column: string; kind: ColumnKind }): string {
  const collation = kind === 'text' || kind === 'list' ? ' COLLATE "C"' : '';
  return `${column} ${types[kind]}${collation}`;
}

/** A load with its new ledger row, and whether the ledger has one of its key. */
export interface WrittenLoad extends TimedLoad {
  row: LedgerRow;
  replaces: boolean;
}

/**
 * Writes the ledger rows and rejects of loads, replacing existing ones. `gone` has the keys of rows
 * without a successor.
 */
export async function writeLedger(
  { session, server, source }: Loading,
  loads: WrittenLoad[],
  gone: string[],
): Promise<void> {
  const replaced = loads.filter(({ replaces }) => replaces).map(({ row }) => row);
  if (replaced.length > 0) {
    await session.run(
      `DELETE FROM ${server.table('_rejects')}
       WHERE document_id = ANY ($1) AND ${documentIdSql('seller_id', 'document_id')} = ANY ($2)`,
      [
        replaced.map((row) => storable(row.documentId ?? '')),
        replaced.map(({ sellerId, documentId: document }) =>
          storable(documentId({ seller: sellerId, document })),
        ),
      ],
    );
  }
  const keys = [...replaced.map(({ key }) => key), ...gone].map(storable);
  if (keys.length > 0)
    await session.run(`DELETE FROM ${server.table('_loads')} WHERE key = ANY ($1)`, [keys]);
  const rows = loads.map(({ row }) =>
    Object.fromEntries(ledgerColumns.map(({ field, column }) => [column, row[field]])),
  );
  const names = ledgerColumns.map(({ column }) => column).join(', ');
  const typed = ledgerColumns.map(({ column, kind }) => `${column} ${types[kind]}`).join(', ');
  await session.run(
    `INSERT INTO ${server.table('_loads')} (${names}, version)
     SELECT ${names}, $2 FROM JSON_TO_RECORDSET(CAST($1 AS json)) AS batch(${typed})`,
    [storableJson(rows), version],
  );
  const rejects = rejectsOf(source, loads);
  if (!rejects) return;
  const columns = rejectColumns.map(({ column }) => column).join(', ');
  await session.copyIn(`${server.table('_rejects')} (${columns})`, rejects);
}

/** Whether the schema has a ledger: only a load creates one. */
export function hasLedger(relations: Relations): boolean {
  return relations.has('_loads') && relations.has('_rejects');
}
