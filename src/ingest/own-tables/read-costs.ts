import { didYouMean } from '../../text/nearest-name.js';
import { type CsvColumn, type LineProblem, readCsvLines } from './csv-lines.js';
import { isDay } from './days.js';
import { readDecimal, showsCommaMark } from './decimal-text.js';

/** What one unit of a SKU costs from a day on. */
export interface Cost {
  /** Null if no other seller has the SKU. */
  sellerId: string | null;
  sku: string;
  /** YYYY-MM-DD; null: always until the next one. */
  validFrom: string | null;
  /** In canonical spelling. */
  cost: string;
  currency: string;
  /** Where it was written: a line of the file, or a position in the list or the table, from 1. */
  line: number;
}

/** A cost as written, before it is checked. */
export type WrittenCost = Record<'sku' | 'from' | 'cost' | 'currency' | 'seller', string> & { line: number };

const columns: CsvColumn[] = [
  { name: 'sku', headers: ['sku', 'seller sku'] },
  { name: 'from', headers: ['valid from', 'from'], isOptional: true },
  { name: 'cost', headers: ['cost', 'unit cost', 'cost per unit'] },
  { name: 'currency', headers: ['currency'] },
  { name: 'seller', headers: ['seller', 'seller id'], isOptional: true },
];

/** Reads the costs of a CSV file. `sellers`: each id of the settings' sellers, with the seller. */
export function readCosts(
  text: string,
  sellers: ReadonlyMap<string, string>,
): { costs: Cost[]; problems: LineProblem[] } {
  const { lines, problems } = readCsvLines(text, columns);
  const written = lines.map(
    ({ line, cells: { sku = '', from = '', cost = '', currency = '', seller = '' } }) => ({
      line,
      sku,
      from,
      cost,
      currency,
      seller,
    }),
  );
  // Without its columns, a file says nothing about costs.
  const isRead = written.length > 0 || problems.length === 0;
  const checked = isRead ? checkCosts(written, sellers) : { costs: [], problems: [] };
  return {
    costs: checked.costs,
    problems: [...problems, ...checked.problems].sort((a, b) => a.line - b.line),
  };
}

/** Checks costs as written. If settings have no sellers, any id is one. */
export function checkCosts(
  written: WrittenCost[],
  sellers: ReadonlyMap<string, string>,
): { costs: Cost[]; problems: LineProblem[] } {
  const problems: LineProblem[] = written.length === 0 ? [{ line: 1, message: 'there are no costs' }] : [];
  const costs: Cost[] = [];
  const lineOf = new Map<string, number>();
  const isCommaMark = showsCommaMark(written.map(({ cost }) => cost));
  for (const { line, sku, from, cost, currency, seller } of written) {
    const found: string[] = [];
    if (sku === '') found.push('the SKU is missing');
    if (from !== '' && !isDay(from)) found.push(`expected a day such as 2026-01-31, found "${from}"`);
    const decimal = readDecimal(cost, { maxFraction: 4, isCommaMark });
    if ('problem' in decimal) found.push(cost === '' ? 'the cost is missing' : decimal.problem);
    if (!/^[A-Z]{3}$/.test(currency)) {
      found.push(`expected a currency of three capital letters, such as EUR, found "${currency}"`);
    }
    if (seller !== '' && sellers.size > 0 && !sellers.has(seller)) {
      found.push(`the settings have no seller "${seller}"${didYouMean(seller, sellers.keys())}`);
    }
    const sellerId = seller === '' ? null : (sellers.get(seller) ?? seller);
    const key = JSON.stringify([sellerId, sku, from]);
    const earlier = lineOf.get(key);
    if (earlier !== undefined && sku !== '') {
      found.push(
        `${sku} already has a cost from ${from === '' ? 'the beginning' : from}, in line ${earlier}`,
      );
    }
    lineOf.set(key, line);
    problems.push(...found.map((message) => ({ line, message })));
    if (found.length > 0 || !('value' in decimal)) continue;
    costs.push({ sellerId, sku, validFrom: from === '' ? null : from, cost: decimal.value, currency, line });
  }
  return { costs, problems };
}

/**
 * The costs without a seller of SKUs that several sellers have. `shared`: these SKUs.
 */
export function sharedSkuProblems(costs: Cost[], shared: ReadonlySet<string>): LineProblem[] {
  return costs
    .filter(({ sellerId, sku }) => sellerId === null && shared.has(sku))
    .map(({ line, sku }) => ({ line, message: `several sellers have ${sku}, so its cost needs a seller` }));
}
