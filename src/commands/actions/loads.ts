import type { Command } from 'commander';
import { explainDocument } from '../../warehouse/ledger/explain-document.js';
import type { LedgerField, LedgerFilter, LedgerRow, LoadStatus, Warehouse } from '../../warehouse/types.js';
import { type Io, nothingLoaded, resultWidth } from '../setup/io.js';
import { readWarehouseConfig } from '../setup/open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { explanationText } from '../output/explanation.js';
import { textTable } from '../output/text-table.js';

export interface LoadsOptions {
  status?: LoadStatus;
  type?: string;
  seller?: string;
  warnings?: boolean;
  limit: number;
  json?: boolean;
}

/** Runs `sp-reports loads`. */
export async function loadsAction(
  thing: string | undefined,
  options: LoadsOptions,
  command: Command,
  io: Io,
): Promise<void> {
  const filter: LedgerFilter = {
    documentOrTable: thing,
    statuses: options.status && [options.status],
    reportType: options.type,
    sellerId: options.seller,
    withWarnings: options.warnings,
    limit: options.limit,
  };
  const warehouse = openWarehouse(readWarehouseConfig(command, io));
  const one = thing === undefined ? undefined : await onlyDocument(thing, filter, warehouse);
  if (one) {
    const explanation = await explainDocument(one, warehouse);
    io.stdout.write(
      options.json
        ? `${JSON.stringify(explanation, null, 2)}\n`
        : explanationText(explanation, resultWidth(io)),
    );
    return;
  }
  const rows = options.json ? await warehouse.loads(filter) : await warehouse.loadFields(listed, filter);
  const documents = rows.length < options.limit ? rows.length : await warehouse.countLoads(filter);
  const more =
    documents > rows.length
      ? `${number(rows.length)} of ${number(documents)} documents, the newest; --limit N shows more.\n`
      : '';
  if (options.json) {
    io.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
    io.stderr.write(more);
    return;
  }
  if (rows.length === 0) {
    const isEmpty = (await warehouse.countLoads({})) === 0;
    io.stdout.write(isEmpty ? nothingLoaded : 'No document in the ledger matches.\n');
    return;
  }
  io.stdout.write(`${listText(rows, resultWidth(io))}${more}`);
}

const listed = [
  'loadedAt',
  'status',
  'reportType',
  'sellerId',
  'documentId',
  'reportId',
  'key',
  'tables',
  'rejects',
  'warnings',
  'reason',
  'notes',
] as const satisfies LedgerField[];

/** The document or report with that id, if exactly one is found. */
async function onlyDocument(
  id: string,
  filter: LedgerFilter,
  warehouse: Warehouse,
): Promise<LedgerRow | undefined> {
  const [row, ...others] = await warehouse.loads({ ...filter, limit: 2 });
  const isId = row?.documentId === id || row?.reportId === id;
  return isId && others.length === 0 ? row : undefined;
}

function listText(rows: Pick<LedgerRow, (typeof listed)[number]>[], width: number | undefined): string {
  const titles = [
    'loaded',
    'status',
    'report type',
    'seller',
    'document or report',
    'rows',
    'rejects',
    'warnings',
    'why',
  ];
  const lines = rows.map((row) => [
    row.loadedAt.slice(0, 19),
    row.status,
    row.reportType,
    row.sellerId,
    row.documentId ?? row.reportId ?? row.key,
    row.tables.reduce((sum, table) => sum + table.rows, 0),
    row.rejects,
    row.warnings.length,
    row.reason ?? [...row.warnings.map(({ message }) => message), ...row.notes].join('; '),
  ]);
  return textTable(titles, lines, {
    width,
    wrap: true,
    skipEmpty: true,
    whole: ['document or report'],
  });
}

function number(value: number): string {
  return value.toLocaleString('en');
}
