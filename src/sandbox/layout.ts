import type { Market, Product } from './catalogue-of-goods.js';
import type { Random } from './random.js';

/** What a made-up report is about. */
export interface ReportPlan {
  market: Market;
  rows: number;
  from: Date;
  to: Date;
  random: Random;
  /** Given where several reports tell of the same products. */
  products?: Product[];
  /** Items of orders, as reports of all orders have them; given where several reports tell of the same orders, in place of `rows` of them. */
  orderItems?: readonly Cells[];
}

/** A plan whose products are chosen. */
export interface Plan extends ReportPlan {
  products: Product[];
}

/** Cells by Amazon's header; a header that is not there has an empty cell. */
export type Cells = Readonly<Record<string, string | number>>;

/** How Amazon lays a report type out, tab-delimited. */
export interface Layout {
  header: readonly string[];
  rows(plan: Plan): Iterable<Cells>;
  /** Every cell is quoted, inner quotes are not doubled. */
  quoted?: boolean;
  /** Empty cells at the end of a row are dropped. */
  ragged?: boolean;
  /** Lines end in LF and the last one in nothing; else in CRLF, the last one too. */
  bareLines?: boolean;
}

/** A header written as one line, cells divided by `|`. */
export const headerOf = (line: string): string[] => line.split('|');

/** So many rows, each made from its number and a product: in turn, or `any`. */
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

/** As `2026-10-01T08:30:00+00:00`. */
export const isoTime = (time: Date): string => time.toISOString().replace('.000Z', '+00:00');

/** As `10/01/2026`. */
export function usDate(time: Date): string {
  const [year, month, day] = time.toISOString().slice(0, 10).split('-');
  return `${month}/${day}/${year}`;
}

/** An amount in hundredths as the market writes it in most reports: with a point, and the yen without a fraction. */
export function money({ currency }: Market, hundredths: number): string {
  return currency === 'JPY' ? String(hundredths) : (hundredths / 100).toFixed(2);
}

export const orderId = (random: Random): string =>
  `${random.digits(3)}-${random.digits(7)}-${random.digits(7)}`;
