import type { Market, Product } from './catalogue-of-goods.js';
import type { Random } from './random.js';

/** The content of a generated report. */
export interface ReportPlan {
  market: Market;
  rows: number;
  from: Date;
  to: Date;
  random: Random;
  /** Present if several reports are about the same products. */
  products?: Product[];
  /**
   * Items of orders, as in reports of all orders. Present if several reports are about the same
   * orders; then they replace the `rows` of generated ones.
   */
  orderItems?: readonly Cells[];
}

/** A plan with its products. */
export interface Plan extends ReportPlan {
  products: Product[];
}

/** Cells by Amazon's header; a missing header has an empty cell. */
export type Cells = Readonly<Record<string, string | number>>;

/** Amazon's tab-delimited layout of a report type. */
export interface Layout {
  header: readonly string[];
  rows(plan: Plan): Iterable<Cells>;
  /** Whether every cell is quoted; inner quotes are not doubled. */
  quoted?: boolean;
  /** Whether empty cells at the end of a row are dropped. */
  ragged?: boolean;
  /** Whether lines are separated by LF; otherwise every line, including the last, ends in CRLF. */
  bareLines?: boolean;
}

/** Splits a header written as one line, with `|` between cells. */
export const headerOf = (line: string): string[] => line.split('|');

/**
 * Yields the planned number of rows, each made from its number and a product, in turn or random.
 */
export function eachRow(
  order: 'in turn' | 'any',
  row: (plan: Plan, product: Product, index: number) => Cells,
): Layout['rows'] {
  return function* (plan) {
    const { products, random } = plan;
    for (let index = 0; index < plan.rows; index += 1) {
      const product = order === 'any' ? random.pick(products) : products[index % products.length];
      if (product) yield row(plan, product, index);
    }
  };
}

export const dayMs = 86_400_000;

/** Formats a time as `2026-10-01T08:30:00+00:00`. */
export const isoTime = (time: Date): string => time.toISOString().replace('.000Z', '+00:00');

/** Formats a date as `10/01/2026`. */
export function usDate(time: Date): string {
  const [year, month, day] = time.toISOString().slice(0, 10).split('-');
  return `${month}/${day}/${year}`;
}

/**
 * Formats an amount in hundredths as most reports of the market do: with a point, and yen without a
 * fraction.
 */
export function money({ currency }: Market, hundredths: number): string {
  return currency === 'JPY' ? String(hundredths) : (hundredths / 100).toFixed(2);
}

export const orderId = (random: Random): string =>
  `${random.digits(3)}-${random.digits(7)}-${random.digits(7)}`;
