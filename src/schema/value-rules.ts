/**
 * A rule that says how texts of documents are read as a column type. docs/schemas.md lists the
 * rules, and a test holds both engines to them.
 */
export interface ValueRule {
  rule: string;
  examples: ValueExample[];
}

export interface ValueExample {
  /** The type of the column, as written in a schema. */
  type: string;
  /** The text in the document. */
  text: string;
  /** The value in the table, as text: times as ISO 8601 in UTC, lists as JSON; null for NULL. */
  value: string | null;
  /** Whether the value is NULL and the text is in `_rejects`. */
  isRejected?: true;
  /** The text in another row of the same column, which decides how the whole document is read. */
  beside?: string;
  /** The country of the document's marketplace, if that decides. */
  country?: string;
}

const money = 'decimal(18,4)';

export const valueRules: readonly ValueRule[] = [
  {
    rule: 'A string is kept exactly as in the document, including blanks and zeros.',
    examples: [
      { type: 'string', text: '00012', value: '00012' },
      { type: 'string', text: ' M/L ', value: ' M/L ' },
      { type: 'string', text: 'N/A', value: 'N/A' },
    ],
  },
  { rule: 'An empty cell is NULL in every column.', examples: [{ type: 'string', text: '', value: null }] },
  {
    rule: 'In columns that are not strings, texts that mean "no value" are NULL too, in upper or lower case.',
    examples: ['N/A', 'n.a.', '#N/A', '-', '--', '–', 'null', 'None', 'NaN'].map((text) => ({
      type: money,
      text,
      value: null,
    })),
  },
  {
    rule: 'Numbers have a decimal point or comma, and may have separators or blanks between thousands.',
    examples: [
      { type: money, text: '19.99', value: '19.99' },
      { type: money, text: '1141,18', value: '1141.18' },
      { type: money, text: '1,234,567.80', value: '1234567.8' },
      { type: money, text: '1.234.567,80', value: '1234567.8' },
      { type: money, text: '12,34,567.5', value: '1234567.5' },
      { type: money, text: '1\u202f234,5', value: '1234.5' },
      { type: money, text: '1’234.5', value: '1234.5' },
      { type: money, text: '1 234,5', value: '1234.5' },
    ],
  },
  {
    rule: 'A document has one decimal mark. A value that only one mark explains decides which; then other evidence, and last, with a warning, the marketplace.',
    examples: [
      { type: money, text: '1,234', beside: '0.5', value: '1234' },
      { type: money, text: '1,234', beside: '0,5', value: '1.234' },
      { type: money, text: '1.234', country: 'US', value: '1.234' },
      { type: money, text: '1.234', country: 'DE', value: '1234' },
    ],
  },
  {
    rule: 'Currency symbols, currency codes and percent signs are ignored. Parentheses or a trailing sign mean a negative number.',
    examples: [
      { type: money, text: '-€1.141,18', value: '-1141.18' },
      { type: money, text: '19,99 €', value: '19.99' },
      { type: money, text: 'R$ 5,00', value: '5' },
      { type: money, text: '5,00 zł', value: '5' },
      { type: money, text: 'USD 5.00', value: '5' },
      { type: money, text: '1,200円', value: '1200' },
      { type: money, text: '12.5%', value: '12.5' },
      { type: money, text: '29.99-', value: '-29.99' },
      { type: money, text: '29,99−', value: '-29.99' },
      { type: money, text: '(12.50)', value: '-12.5' },
    ],
  },
  {
    rule: 'Decimals keep every digit. A value with more digits than its type can hold is rejected, never rounded.',
    examples: [
      { type: money, text: '99999999999999.9999', value: '99999999999999.9999' },
      { type: money, text: '0.00001', value: null, isRejected: true },
      { type: money, text: '4.57658E+13', value: '45765800000000' },
    ],
  },
  {
    rule: 'An integer may have thousands separators, and a fraction of zeros.',
    examples: [
      { type: 'int64', text: '1,234', value: '1234' },
      { type: 'int64', text: '1.0', value: '1' },
      { type: 'int64', text: '2,00', value: '2' },
      { type: 'int64', text: '1.5', value: null, isRejected: true },
      { type: 'int64', text: '12 pcs', value: null, isRejected: true },
    ],
  },
  {
    rule: 'Floating-point numbers are written like decimals.',
    examples: [
      { type: 'float64', text: '1.5e-3', value: '0.0015' },
      { type: 'float64', text: '0,25', value: '0.25' },
    ],
  },
  {
    rule: 'Booleans are yes and no in the languages of the marketplaces, in upper or lower case.',
    examples: [
      ...['true', 'Yes', 'Y', '1', 'ja', 'oui', 'sì', 'sí', 'sim', 'tak', 'evet', 'はい'].map((text) => ({
        type: 'bool',
        text,
        value: 'true',
      })),
      ...['false', 'No', 'N', '0', 'nein', 'nee', 'non', 'não', 'nie', 'nej', 'hayır', 'いいえ'].map(
        (text) => ({
          type: 'bool',
          text,
          value: 'false',
        }),
      ),
      { type: 'bool', text: 'maybe', value: null, isRejected: true as const },
    ],
  },
  {
    rule: 'A date is the day as written, whatever the time zone. A month becomes its first day.',
    examples: [
      { type: 'date', text: '2026-06-16', value: '2026-06-16' },
      { type: 'date', text: '2026/06/16', value: '2026-06-16' },
      { type: 'date', text: '16.06.2026', value: '2026-06-16' },
      { type: 'date', text: '28-Aug-2026 UTC', value: '2026-08-28' },
      { type: 'date', text: '14.03.2023 23:30:00 PST', value: '2023-03-14' },
      { type: 'date', text: '2026年1月5日', value: '2026-01-05' },
      { type: 'date', text: '20260616', value: '2026-06-16' },
      { type: 'date', text: '06/2026', value: '2026-06-01' },
      { type: 'date', text: '2026-02-30', value: null, isRejected: true },
    ],
  },
  {
    rule: 'A document has one order of day, month and year. A date that only one order explains decides it; then other evidence and `dateOrder` of the schema, and last, with a warning, the time zone of its times and the marketplace.',
    examples: [
      { type: 'date', text: '03/04/2026', beside: '25/12/2025', value: '2026-04-03' },
      { type: 'date', text: '03/04/2026', beside: '12/25/2025', value: '2026-03-04' },
      { type: 'timestamp', text: '03/04/2026 10:12:40 BST', value: '2026-04-03T09:12:40.000Z' },
      { type: 'timestamp', text: '03/04/2026 10:12:40 PDT', value: '2026-03-04T17:12:40.000Z' },
      { type: 'date', text: '03-04-2026', country: 'US', value: '2026-03-04' },
      { type: 'date', text: '03-04-2026', country: 'DE', value: '2026-04-03' },
      { type: 'date', text: '26/11/12', beside: '26/11/5', value: '2026-11-12' },
      { type: 'date', text: '11/10/26', beside: '12/31/26', value: '2026-11-10' },
      { type: 'date', text: '5.11.26', value: '2026-11-05' },
    ],
  },
  {
    rule: 'A timestamp is converted to UTC from its offset or time zone. Without one it is read as UTC.',
    examples: [
      { type: 'timestamp', text: '2026-06-16 00:00:00 UTC', value: '2026-06-16T00:00:00.000Z' },
      { type: 'timestamp', text: '2015-12-02T03:27:08+00:00', value: '2015-12-02T03:27:08.000Z' },
      { type: 'timestamp', text: '2015-12-02T03:27:08.123-0800', value: '2015-12-02T11:27:08.123Z' },
      { type: 'timestamp', text: '2022-03-15 02:26:37 PDT', value: '2022-03-15T09:26:37.000Z' },
      { type: 'timestamp', text: '2022-01-15 02:26:37 PST', value: '2022-01-15T10:26:37.000Z' },
      { type: 'timestamp', text: '2024/01/31 1:53:11JST', value: '2024-01-30T16:53:11.000Z' },
      { type: 'timestamp', text: '14.03.2023 07:49:55 MEZ', value: '2023-03-14T06:49:55.000Z' },
      { type: 'timestamp', text: '14.06.2023 07:49:55 MEST', value: '2023-06-14T05:49:55.000Z' },
      {
        type: 'timestamp',
        text: '2026-07-04 10:00:00 IST',
        country: 'IE',
        value: '2026-07-04T09:00:00.000Z',
      },
      {
        type: 'timestamp',
        text: '2026-07-04 10:00:00 IST',
        country: 'IN',
        value: '2026-07-04T04:30:00.000Z',
      },
      { type: 'timestamp', text: '01.02.2024 00:05:31 GMT+01:00', value: '2024-01-31T23:05:31.000Z' },
      { type: 'timestamp', text: '2026-06-16 07:30', value: '2026-06-16T07:30:00.000Z' },
      { type: 'timestamp', text: '2026-06-16', value: '2026-06-16T00:00:00.000Z' },
      { type: 'timestamp', text: '2026-10-01 10:00 QQQ', value: null, isRejected: true },
    ],
  },
  {
    rule: 'Twelve-hour clocks are read, and so are month names in the languages of the marketplaces.',
    examples: [
      { type: 'timestamp', text: 'Jan 5, 2026 1:23:45 PM PST', value: '2026-01-05T21:23:45.000Z' },
      { type: 'timestamp', text: '1 ene. 2024 12:34:56 a.m. GMT-6', value: '2024-01-01T06:34:56.000Z' },
      { type: 'timestamp', text: '1. März 2024 05:31:44 MEZ', value: '2024-03-01T04:31:44.000Z' },
      { type: 'timestamp', text: '5 août 2024 01:00:00 UTC', value: '2024-08-05T01:00:00.000Z' },
      { type: 'timestamp', text: '1 gen 2024 00:11:15 UTC', value: '2024-01-01T00:11:15.000Z' },
      { type: 'timestamp', text: '3 mei 2024 00:23:34 UTC', value: '2024-05-03T00:23:34.000Z' },
      { type: 'timestamp', text: '3 lip 2024 02:00:00 UTC', value: '2024-07-03T02:00:00.000Z' },
      { type: 'timestamp', text: '3 maj 2024 02:00:00 UTC', value: '2024-05-03T02:00:00.000Z' },
      { type: 'timestamp', text: '3 Ağu 2024 02:00:00 UTC', value: '2024-08-03T02:00:00.000Z' },
      { type: 'timestamp', text: '1 de dez. de 2024 02:00:00 GMT-3', value: '2024-12-01T05:00:00.000Z' },
    ],
  },
  {
    rule: 'A list contains single values or null. Each value follows the rules of its type.',
    examples: [
      { type: 'list(string)', text: '["B01", "", null]', value: '["B01","",null]' },
      { type: 'list(int64)', text: '[1, "1,234", 9007199254740993]', value: '[1,1234,9007199254740993]' },
      { type: `list(${money})`, text: '[1.50]', value: '["1.5"]' },
      { type: 'list(date)', text: '["2026-06-16 00:00:00 UTC"]', value: '["2026-06-16"]' },
      { type: 'list(string)', text: 'B01', value: null, isRejected: true },
      { type: 'list(int64)', text: '[1, "many"]', value: null, isRejected: true },
      { type: 'list(string)', text: '[["B01"]]', value: null, isRejected: true },
    ],
  },
  {
    rule: 'JSON is kept as written.',
    examples: [
      { type: 'json', text: '{"a": 1}', value: '{"a": 1}' },
      { type: 'json', text: '{a}', value: null, isRejected: true },
    ],
  },
];
