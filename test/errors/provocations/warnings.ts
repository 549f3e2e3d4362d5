import iconv from 'iconv-lite';
import type { WarningCode } from '../../../src/errors/warnings.js';
import { listings, listingsType } from '../../ingest/world.js';

/** Documents that are loaded one after the other into a new warehouse. */
export interface WarningProvocation {
  /** What the last of them is, or all of them are. */
  input: string;
  documents: ProvokingDocument[];
}

interface ProvokingDocument {
  content: string | Buffer;
  type: string;
  /** For `load --marketplace`. */
  marketplaces?: string;
  /** Further options of `load`. */
  options?: string[];
}

const settlements = 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2';
const shipments = 'GET_FBA_FULFILLMENT_CUSTOMER_SHIPMENT_SALES_DATA';
/** A type without a schema: its columns get their types from the values. */
const unknown = 'GET_UNKNOWN_THING';

const skus = (rows: number, line: (row: number) => string) =>
  `seller-sku\tprice\tquantity\n${Array.from({ length: rows }, (_, row) => line(row)).join('\n')}\n`;
const stock = skus(20, (row) => `s-${row}\t9.99\t${row + 1}`);
const snapshot = (content: string | Buffer, marketplaces?: string): ProvokingDocument => ({
  content,
  type: listingsType,
  marketplaces,
});
const rowsOf = (headers: string, ...rows: string[]): string => `${[headers, ...rows].join('\n')}\n`;
const oneOf = (content: string | Buffer, type: string, marketplaces?: string): ProvokingDocument[] => [
  { content, type, marketplaces },
];

/** For each code, documents whose last one is loaded with this warning and no other. */
export const warningProvocations: Partial<Record<WarningCode, WarningProvocation>> = {
  ROWS_SHORT: {
    input: 'one of five rows with a cell fewer than the header',
    documents: oneOf(
      rowsOf('sku\tname\tunits', 'a\tCup\t1', 'b\tHat\t2', 'c\tPen', 'd\tBag\t4', 'e\tBox\t5'),
      unknown,
    ),
  },
  TOTALS_DIFFER: {
    input: 'a settlement of 5.00 whose rows add up to 2.50',
    documents: oneOf(
      rowsOf('settlement-id\ttotal-amount\tamount', '1\t5.00\t', '1\t\t2.50'),
      settlements,
      'US',
    ),
  },
  PERSONAL_DATA_FOUND: {
    input: 'an unknown column with e-mail addresses',
    documents: oneOf(
      rowsOf('seller-sku\tprice\tkontakt', 'a\t9.99\tann@example.com', 'b\t9.99\tbea@example.com'),
      listingsType,
    ),
  },
  MEASURE_MISSING: {
    input: 'a report of fees whose column of the total has another header',
    documents: oneOf(rowsOf('seller-sku\tcost\tquantity', 'a\t9.99\t1', 'b\t1.50\t2'), listingsType),
  },
  SNAPSHOT_SHRANK: {
    input: 'a snapshot of 3 rows in place of 30',
    documents: [snapshot(listings(30), 'US'), snapshot(listings(3), 'US')],
  },
  MARKETPLACES_LOST: {
    input: 'a snapshot of one marketplace in place of one of two',
    documents: [snapshot(listings(12), 'US,CA'), snapshot(listings(11), 'US')],
  },
  ROWS_REPLACED: {
    input: 'two snapshots without a marketplace',
    documents: [snapshot(listings(3)), snapshot(listings(4))],
  },
  COLUMNS_GONE: {
    input: 'a snapshot without a column that the one before had',
    documents: [
      snapshot(stock, 'US'),
      snapshot(stock.replaceAll(/\t\d+$/gm, '').replace('\tquantity', ''), 'US'),
    ],
  },
  MEASURES_EMPTY: {
    input: 'a snapshot whose quantities are all 0, after one with other numbers',
    documents: [snapshot(stock, 'US'), snapshot(stock.replaceAll(/\t\d+$/gm, '\t0'), 'US')],
  },
  DATE_ORDER_GUESSED: {
    input: 'a date that can be 3 May or 5 March, without a marketplace',
    documents: oneOf(rowsOf('sku\tday', 'a\t03/05/2026'), unknown),
  },
  DATE_ORDER_MIXED: {
    input: 'dates of which some have the month first and one has the day first',
    documents: oneOf(
      rowsOf('sku\tshipment-date', 'a\t12/25/2025', 'b\t12/26/2025', 'c\t27/12/2025'),
      shipments,
    ),
  },
  DECIMAL_MARK_GUESSED: {
    input: 'an amount of 1,234 without a marketplace',
    documents: oneOf(rowsOf('seller-sku\tprice', 'a\t1,234'), listingsType),
  },
  DECIMAL_MARK_MIXED: {
    input: 'amounts of which some have a decimal point and some a decimal comma',
    documents: oneOf(rowsOf('seller-sku\tprice', 'a\t1,234.50', 'b\t1.234,50'), listingsType),
  },
  TIME_ZONE_GUESSED: {
    input: 'a time in IST, without a marketplace',
    documents: oneOf(rowsOf('seller-sku\topen-date', 'a\t2026-07-04 10:00:00 IST'), listingsType),
  },
  CHARSET_UNCERTAIN: {
    input: 'Japanese text in cp932 that neither a label nor a marketplace names',
    documents: oneOf(iconv.encode('seller-sku\titem-name\na\tこれはテストです\n', 'cp932'), listingsType),
  },
  UNDEFINED_BYTES: {
    input: 'bytes that the charset of the Content-Type does not define',
    documents: [
      {
        content: Buffer.from(`seller-sku\titem-name\na\t${'Café '.repeat(50)}\x81\n`, 'latin1'),
        type: listingsType,
        options: ['--content-type', 'text/plain; charset=windows-1252'],
      },
    ],
  },
  TEXT_GARBLED: {
    input: 'words in UTF-8 that were read as Windows-1252 and written again',
    documents: oneOf(
      `seller-sku\titem-name\na\t${Buffer.from('Hängeleuchte für Küche').toString('latin1')}\n`,
      listingsType,
    ),
  },
  JSON_DUPLICATE_NAMES: {
    input: 'an object of JSON with a name twice',
    documents: oneOf('[{"sku": "a", "rank": 1, "rank": 2}]', unknown),
  },
  JSON_LONE_SURROGATES: {
    input: 'half an emoji in JSON',
    documents: oneOf('[{"sku": "a", "name": "\\ud83d"}]', unknown),
  },
};
