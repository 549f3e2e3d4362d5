import iconv from 'iconv-lite';
import { type Market, makeProducts } from './catalogue-of-goods.js';
import { concessionLayouts } from './concession-layouts.js';
import { inventoryLayouts } from './inventory-layouts.js';
import { type Cells, isoTime, type Layout, type Plan, type ReportPlan } from './layout.js';
import { orderLayouts } from './order-layouts.js';
import { settlementLayouts } from './settlement-layouts.js';
import { trafficReport } from './traffic-report.js';

export type { ReportPlan } from './layout.js';

/** A made-up report as Amazon would give it for download, before gzip. */
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

/** What is no text of rows. */
const jsonReports: Readonly<Record<string, (plan: Plan) => object>> = {
  GET_SALES_AND_TRAFFIC_REPORT: trafficReport,
};

/** The report types that can be made. */
export function generatedTypes(): string[] {
  return [...Object.keys(layouts), ...Object.keys(jsonReports)];
}

/** Makes the text of a report: the same plan and seed, the same text. No real person's data. */
export function generateReport(reportType: string, plan: ReportPlan): string {
  return [...reportLines(reportType, plan)].join('');
}

/** Makes a report in the charset that Amazon uses for its type and market. */
export function generateDocument(reportType: string, plan: ReportPlan): GeneratedDocument {
  const text = generateReport(reportType, plan);
  const { charset, contentType } = encodingOf(reportType, plan.market);
  return { text, charset, contentType, bytes: iconv.encode(text, charset) };
}

/** The lines of a report, each with its end, header first, made as they are pulled: for documents larger than memory. JSON is one line. */
export function* reportLines(reportType: string, plan: ReportPlan): Generator<string> {
  const products = plan.products ?? makeProducts(plan.market, 12, plan.random);
  const layout = layouts[reportType];
  if (layout)
    yield* withEnds(textLines(layout, layout.rows({ ...plan, products })), layout.bareLines ?? false);
  else if (jsonReports[reportType]) yield JSON.stringify(jsonReports[reportType]({ ...plan, products }));
  else throw new Error(`no made-up ${reportType}`);
}

/**
 * The last rows of an all-orders report once more, as a later report tells them: pending orders are shipped. Lines without header.
 */
export function restateOrders(text: string, rows: number, updatedAt: Date): string[] {
  const [header = '', ...lines] = text.split('\r\n').filter((line) => line !== '');
  const place = (name: string) => header.split('\t').indexOf(name);
  return lines.slice(-rows).map((line) => {
    const cells = line.split('\t');
    if (cells[place('order-status')] !== 'Pending') return line;
    cells[place('order-status')] = 'Shipped';
    cells[place('item-status')] = 'Shipped';
    cells[place('last-updated-date')] = isoTime(updatedAt);
    return cells.join('\t');
  });
}

/** Listings come in the charset of the marketplace, everything else in UTF-8. */
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

/** CRLF after each line, or LF between lines. */
function* withEnds(lines: Iterable<string>, bare: boolean): Generator<string> {
  let first = true;
  for (const line of lines) {
    if (!bare) yield `${line}\r\n`;
    else yield first ? line : `\n${line}`;
    first = false;
  }
}
