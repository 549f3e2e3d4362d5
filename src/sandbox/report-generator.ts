import iconv from 'iconv-lite';
import { type Market, makeProducts } from './catalogue-of-goods.js';
import { concessionLayouts } from './concession-layouts.js';
import { inventoryLayouts } from './inventory-layouts.js';
import { type Cells, isoTime, type Layout, type Plan, type ReportPlan } from './layout.js';
import { orderLayouts } from './order-layouts.js';
import { settlementLayouts } from './settlement-layouts.js';
import { trafficReport } from './traffic-report.js';

export type { ReportPlan } from './layout.js';

/** A generated report as Amazon would offer it for download, before gzip. */
export interface GeneratedDocument {
  text: string;
  /** The charset of the bytes, in iconv-lite's name. */
  charset: string;
  /** The Content-Type of the download. */
  contentType: string;
  bytes: Buffer;
}

const layouts: Readonly<Record<string, Layout>> = {
  ...orderLayouts,
  ...inventoryLayouts,
  ...concessionLayouts,
  ...settlementLayouts,
};

/** The report types that are not text with rows. */
const jsonReports: Readonly<Record<string, (plan: Plan) => object>> = {
  GET_SALES_AND_TRAFFIC_REPORT: trafficReport,
};

/** Returns the report types that can be generated. */
export function generatedTypes(): string[] {
  return [...Object.keys(layouts), ...Object.keys(jsonReports)];
}

/**
 * Generates the text of a report; the same plan and seed result in the same text. It contains no
 * data of real people.
 */
export function generateReport(reportType: string, plan: ReportPlan): string {
  return [...reportLines(reportType, plan)].join('');
}

/** Generates a report in the charset that Amazon uses for its type and market. */
export function generateDocument(reportType: string, plan: ReportPlan): GeneratedDocument {
  const text = generateReport(reportType, plan);
  const { charset, contentType } = encodingOf(reportType, plan.market);
  return { text, charset, contentType, bytes: iconv.encode(text, charset) };
}

/**
 * Yields the lines of a report with their line ends, the header first. Lines are generated on
 * demand, for documents larger than memory. JSON is one line.
 */
export function* reportLines(reportType: string, plan: ReportPlan): Generator<string> {
  const products = plan.products ?? makeProducts(plan.market, 12, plan.random);
  const layout = layouts[reportType];
  if (layout)
    yield* withEnds(textLines(layout, layout.rows({ ...plan, products })), layout.bareLines ?? false);
  else if (jsonReports[reportType]) yield JSON.stringify(jsonReports[reportType]({ ...plan, products }));
  else throw new Error(`the sandbox cannot generate ${reportType}`);
}

/**
 * Returns the last rows of an all-orders report as in a later report, in which pending orders are
 * shipped. The lines have no header.
 */
export function restateOrders(text: string, rows: number, updatedAt: Date): string[] {
  const [header = '', ...lines] = text.split('\r\n').filter((line) => line !== '');
  const columnOf = (name: string) => header.split('\t').indexOf(name);
  return lines.slice(-rows).map((line) => {
    const cells = line.split('\t');
    if (cells[columnOf('order-status')] !== 'Pending') return line;
    cells[columnOf('order-status')] = 'Shipped';
    cells[columnOf('item-status')] = 'Shipped';
    cells[columnOf('last-updated-date')] = isoTime(updatedAt);
    return cells.join('\t');
  });
}

/** Returns the charset: that of the marketplace for listings, otherwise UTF-8. */
function encodingOf(reportType: string, { country }: Market): { charset: string; contentType: string } {
  if (reportType === 'GET_MERCHANT_LISTINGS_ALL_DATA') {
    if (country === 'JP') return { charset: 'cp932', contentType: 'text/plain; charset=Shift_JIS' };
    if (country !== 'US') return { charset: 'windows-1252', contentType: 'text/plain; charset=Cp1252' };
  }
  return { charset: 'utf-8', contentType: 'text/plain; charset=UTF-8' };
}

function* textLines({ header, quoted, ragged }: Layout, rows: Iterable<Cells>): Generator<string> {
  const line = (cells: readonly (string | number)[]) =>
    (quoted ? cells.map((cell) => `"${cell}"`) : cells).join('\t');
  yield line(header);
  for (const row of rows) {
    const text = line(header.map((name) => row[name] ?? ''));
    yield ragged ? text.replace(/\t+$/, '') : text;
  }
}

/** Adds line ends: CRLF after each line, or LF between lines. */
function* withEnds(lines: Iterable<string>, bare: boolean): Generator<string> {
  let first = true;
  for (const line of lines) {
    if (!bare) yield `${line}\r\n`;
    else yield first ? line : `\n${line}`;
    first = false;
  }
}
