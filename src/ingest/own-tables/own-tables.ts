import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ownTableTypes } from '../../config/own-tables-spec.js';
import { sellersById } from '../../config/seller-ids.js';
import type { Config } from '../../config/spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { Decision } from '../../schema/findings.js';
import { unreadable } from '../../source/document/raw-store.js';
import { pluralize } from '../../text/pluralize.js';
import type { LedgerEntry, Warehouse } from '../../warehouse/types.js';
import type { LineProblem } from './csv-lines.js';
import { type Cost, checkCosts, readCosts, sharedSkuProblems, type WrittenCost } from './read-costs.js';
import { readRates } from './read-rates.js';

export type OwnTableType = (typeof ownTableTypes)[number];

/** The seller of the documents of these tables, as of files that belong to no seller. */
export const ownTableSeller = 'local';

/** A table that the user fills, by the settings. */
export interface OwnTable {
  reportType: OwnTableType;
  /** Where its rows come from, as in messages. */
  source: string;
  /**
   * Reads its rows, and returns them as the CSV document that is loaded. Without a warehouse, what
   * needs one is not checked. Errors: COSTS_INVALID, RATES_INVALID, FILE_UNREADABLE, and those of a
   * query.
   */
  read(warehouse?: Pick<Warehouse, 'tables' | 'query'>): Promise<string>;
}

type OwnTableConfig = Pick<Config, 'costs' | 'rates' | 'sellers' | 'unsetSellers' | 'file'>;

const settingsKeys: Record<OwnTableType, 'costs' | 'rates'> = {
  PRODUCT_COSTS: 'costs',
  EXCHANGE_RATES: 'rates',
};

/** What the ledger says of a document that the settings brought, also after a reload. */
export function ownDecision(
  reportType: OwnTableType,
  { file, folder }: Pick<Config, 'file' | 'folder'>,
): Decision {
  const reason = `\`${settingsKeys[reportType]}\` of ${file ?? join(folder, 'pipelines.yaml')}`;
  return { subject: 'report_type', value: reportType, reason };
}

/**
 * Which settings brought a document: the reason of its `ownDecision`; undefined if a person loaded
 * it.
 */
export function settingsOf({ decisions }: Pick<LedgerEntry, 'decisions'>): string | undefined {
  return decisions.find(
    ({ subject, reason }) => subject === 'report_type' && /^`(costs|rates)` of /.test(reason),
  )?.reason;
}

/** Why the ledger has a document as unloaded that its settings no longer have. */
export function leftReason(reportType: OwnTableType): string {
  return `\`${settingsKeys[reportType]}\` is no longer in the settings`;
}

/** The tables that the user fills, by the settings. */
export function ownTables(config: OwnTableConfig): OwnTable[] {
  const { costs, rates } = config;
  const tables: OwnTable[] = [];
  if (costs) {
    const source = costs.file ?? (costs.table ? `table ${costs.table}` : `${config.file}, \`costs.list\``);
    tables.push({
      reportType: 'PRODUCT_COSTS',
      source,
      read: (warehouse) => costsDocument(config, source, warehouse),
    });
  }
  if (rates) {
    tables.push({
      reportType: 'EXCHANGE_RATES',
      source: rates.file,
      async read() {
        const { rates: found, problems } = readRates(await textOf(rates.file), rates);
        refuse('RATES_INVALID', rates.file, problems);
        return csv([
          ['date', 'currency', 'reporting-currency', 'rate', 'inverse', 'published-on'],
          ...found.map((each) => [
            each.date,
            each.currency,
            rates.currency,
            each.rate,
            each.inverse,
            each.publishedOn,
          ]),
        ]);
      },
    });
  }
  return tables;
}

async function costsDocument(
  { costs: { file, table, list } = {}, sellers, unsetSellers }: OwnTableConfig,
  source: string,
  warehouse: Pick<Warehouse, 'tables' | 'query'> | undefined,
): Promise<string> {
  const known = sellersById([...sellers, ...unsetSellers]);
  const written = list?.map(({ sku, from = '', cost, currency, seller = '' }, index) => ({
    ...{ line: index + 1, sku, from, currency, seller },
    cost: String(cost),
  }));
  const { costs, problems } =
    file !== undefined
      ? readCosts(await textOf(file), known)
      : checkCosts(written ?? (warehouse && table ? await tableCosts(table, warehouse) : []), known);
  const shared = warehouse && problems.length === 0 ? await sharedSkus(costs, warehouse) : new Set<string>();
  const unit = file !== undefined ? 'line' : 'row';
  refuse('COSTS_INVALID', source, [...problems, ...sharedSkuProblems(costs, shared)], unit);
  return csv([
    ['seller', 'sku', 'valid-from', 'cost', 'currency'],
    ...costs.map(({ sellerId, sku, validFrom, cost, currency }) => [
      sellerId ?? '',
      sku,
      validFrom ?? '',
      cost,
      currency,
    ]),
  ]);
}

async function tableCosts(table: string, warehouse: Pick<Warehouse, 'query'>): Promise<WrittenCost[]> {
  const { rows } = await warehouse.query(`SELECT * FROM ${table}`);
  return rows.map((row, index) => {
    const at = (name: string) => (row[name] === null || row[name] === undefined ? '' : String(row[name]));
    const from = at('valid_from').slice(0, 10);
    return {
      line: index + 1,
      sku: at('sku'),
      from,
      cost: at('cost'),
      currency: at('currency'),
      seller: at('seller'),
    };
  });
}

/** The SKUs of the costs that settlements of several sellers have. */
async function sharedSkus(
  costs: Cost[],
  warehouse: Pick<Warehouse, 'tables' | 'query'>,
): Promise<Set<string>> {
  if (costs.every(({ sellerId }) => sellerId !== null)) return new Set();
  const names = (await warehouse.tables()).map(({ name }) => name);
  const tables = ['settlement_v2', 'settlement_v1'].filter((name) => names.includes(name));
  if (tables.length === 0) return new Set();
  const pairs = tables.map((name) => `SELECT sku, _seller_id FROM ${name} WHERE sku IS NOT NULL`);
  const { rows } = await warehouse.query(
    `SELECT sku FROM (${pairs.join(' UNION ALL ')}) AS pairs GROUP BY sku HAVING COUNT(DISTINCT _seller_id) > 1`,
  );
  return new Set(rows.map(({ sku }) => String(sku)));
}

const maxShownProblems = 20;

function refuse(
  code: 'COSTS_INVALID' | 'RATES_INVALID',
  path: string,
  problems: LineProblem[],
  unit = 'line',
): void {
  if (problems.length === 0) return;
  const texts = problems.map(({ line, message }) => `  ${unit} ${line}: ${message}`);
  const more = texts.length - maxShownProblems;
  const shown = more > 0 ? [...texts.slice(0, maxShownProblems), `  and ${more} more`] : texts;
  throw new ReportsError(code, {
    path,
    count: pluralize(problems.length, 'mistake'),
    problems: shown.join('\n'),
  });
}

async function textOf(path: string): Promise<string> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw unreadable(error, path);
  });
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new ReportsError('FILE_UNREADABLE', { path, found: 'it is not UTF-8; save it as UTF-8' });
  }
}

function csv(rows: string[][]): string {
  const cell = (text: string) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);
  return rows.map((row) => `${row.map(cell).join(',')}\n`).join('');
}
