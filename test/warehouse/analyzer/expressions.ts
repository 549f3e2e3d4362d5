import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { readColumnType } from '../../../src/schema/column-type.js';
import type { ColumnType } from '../../../src/schema/types.js';
import {
  castType,
  fromStaging,
  keyTextSql,
  widenedSql,
} from '../../../src/warehouse/bigquery/column-types.js';
import { fillsTable } from '../../../src/warehouse/bigquery/ledger-queries.js';
import { keySql, literal } from '../../../src/warehouse/bigquery/sql.js';
import { documentValue } from '../../../src/warehouse/staging/document-values.js';
import { duckDbType } from '../../../src/warehouse/staging/column-types.js';

/** An expression of BigQuery whose value is a text, and the value that it should have. */
export interface Expression {
  title: string;
  sql: string;
  expected: string;
}

export const type = (text: string) => readColumnType(text) as ColumnType;

/** Values by type; items of a list by its type. */
const values: Record<string, (string | string[])[]> = {
  int64: ['-5', '0', '9223372036854775807', '-9223372036854775808'],
  'decimal(18,4)': ['-19.9900', '100.0000', '0', '0.0001', '-0.5', '99999999999999.9999', '1000'],
  'decimal(18,0)': ['100', '-7', '0'],
  'decimal(38,9)': [
    '12345678901234567890123456789.123456789',
    '99999999999999999999999999999.999999999',
    '0.000000001',
  ],
  'decimal(38,20)': ['1.5', '123456789012345678.12345678901234567890', '100', '0.00000000000000000001'],
  'decimal(38,0)': ['99999999999999999999999999999999999999', '-99999999999999999999999999999999999999'],
  bool: ['true', 'false'],
  date: ['2026-01-02', '0001-01-01', '9999-12-31'],
  timestamp: [
    ...[
      '2026-01-02 03:04:05',
      '2026-01-02 03:04:05.000006',
      '2026-01-02 03:04:05.12',
      '1969-12-31 23:59:59.999999',
    ],
    ...['1900-01-01 00:00:00.001', '0987-06-05 04:03:02', '9999-12-31 23:59:59.999999'],
  ],
  float64: [
    '0.1',
    '1',
    '-0.5',
    '1e21',
    '1e16',
    '123456789.125',
    '1e-7',
    '0.00001',
    '1.7976931348623157e308',
    '0',
    '100000',
  ],
  json: ['{"a": 1e3}', '[0.1,100,1.50]', '{"a":{"c":1,"d":[1,null]}}', 'null', '"\\u00e9"'],
  'list(int64)': [['1', '2']],
  'list(decimal(18,4))': [['10.5', '20'], ['0']],
  'list(date)': [['2026-01-02']],
  'list(string)': [
    ['a, b', '"'],
    ['ü', '\\', "'"],
    ['a/b', '\t\n'],
  ],
  'list(bool)': [['true']],
};

/** Texts of values in BigQuery and in DuckDB, if they differ. docs/bigquery.md lists them. */
export const differences: { type: string; value: string | string[]; bigQuery: string; duckDb: string }[] = [
  { type: 'float64', value: '1e15', bigQuery: '1e+15', duckDb: '1000000000000000.0' },
  { type: 'list(float64)', value: ['1', '0.5'], bigQuery: '[1,0.5]', duckDb: '[1.0,0.5]' },
  { type: 'json', value: '{"b":1,"a":2}', bigQuery: '{"a":2,"b":1}', duckDb: '{"b":1,"a":2}' },
  { type: 'json', value: '{"a":1,"a":2}', bigQuery: '{"a":1}', duckDb: '{"a":1,"a":2}' },
  {
    type: 'json',
    value: '12345678901234567890123',
    bigQuery: '1.2345678901234568e+22',
    duckDb: '12345678901234567890123',
  },
  {
    type: 'list(timestamp)',
    value: ['2026-01-02 03:04:05'],
    bigQuery: '["2026-01-02T03:04:05Z"]',
    duckDb: '["2026-01-02 03:04:05"]',
  },
  { type: 'list(string)', value: ['\u2028'], bigQuery: '["\\u2028"]', duckDb: '["\u2028"]' },
];

/** SQL for the text that a value of BigQuery has in a column that was widened to text. */
export function textInBigQuery(from: ColumnType, value: string | string[]): string {
  return widenedSql(bigQueryValue(from, value), from, type('string'));
}

/** The text that a value of a document has in a text column of DuckDB. */
export async function textInDuckDb(from: ColumnType, value: string | string[]): Promise<string> {
  const columns = new Map([['v', { name: 'v', type: type('string'), typeText: 'VARCHAR' }]]);
  const column = { name: 'v', header: 'v', type: from, origin: 'schema' as const };
  const own =
    from.kind === 'json' ? 'json(document.v)' : documentValue({ name: 't', isView: false, columns }, column);
  return evaluateInDuckDb(
    `SELECT CAST(${own} AS VARCHAR) FROM (SELECT ${duckDbValue(from, value)} AS v) AS document`,
  );
}

export async function expressions(): Promise<Expression[]> {
  const texts: Expression[] = [];
  for (const [name, all] of Object.entries(values)) {
    for (const value of all) {
      const title = `${name} ${JSON.stringify(value)} as text`;
      texts.push({
        title,
        sql: textInBigQuery(type(name), value),
        expected: await textInDuckDb(type(name), value),
      });
    }
  }
  return [...texts, ...widenings, ...keys, ...literals, ...tablesFilled];
}

const widening = (from: string, value: string, to: string, expected: string): Expression => ({
  title: `${from} ${value} as ${to}`,
  sql: `CAST(${widenedSql(bigQueryValue(type(from), value), type(from), type(to))} AS STRING)`,
  expected,
});

const widenings = [
  widening('date', '2026-01-02', 'timestamp', '2026-01-02 00:00:00+00'),
  widening('int64', '9223372036854775807', 'decimal(23,4)', '9223372036854775807'),
  widening('decimal(18,4)', '1.5', 'decimal(38,20)', '1.5'),
  widening(
    'decimal(38,9)',
    '99999999999999999999999999999.999999999',
    'decimal(38,9)',
    '99999999999999999999999999999.999999999',
  ),
];

const keyText = (...parts: string[]) => `CAST(${parts[0]} = ${parts[1]} AS STRING)`;
const keyOf = (value: string) => keySql(["'A1'", value]);
const staged = (value: string, from: string) => keyOf(keyTextSql(fromStaging(value, type(from)), type(from)));
const inTable = (value: string, from: string) => keyOf(keyTextSql(value, type(from)));
const nothing = 'CAST(NULL AS STRING)';

const keys: Expression[] = [
  {
    title: 'a key of a staged decimal and of one in the table',
    sql: keyText(staged("NUMERIC '1.5'", 'decimal(18,4)'), inTable("NUMERIC '1.5000'", 'decimal(18,4)')),
    expected: 'true',
  },
  {
    title: 'a key of a decimal that is staged as text',
    sql: keyText(
      staged("'1.50000000000000000000'", 'decimal(38,20)'),
      inTable("BIGNUMERIC '1.5'", 'decimal(38,20)'),
    ),
    expected: 'true',
  },
  { title: 'keys without a value', sql: keyText(keyOf(nothing), keyOf(nothing)), expected: 'true' },
  {
    title: 'keys that would run into each other',
    sql: keyText(keySql(["'a,\"b'", "'c'"]), keySql(["'a'", "'b,c'"])),
    expected: 'false',
  },
  { title: 'no value and the text null', sql: keyText(keyOf(nothing), keyOf("'null'")), expected: 'false' },
];

const texts = ["it's", 'a\\b', 'a\nb\r\tc', 'ü\u2028\u0001x', '`"', '\\n', "\\'", '😀'];
const literals = texts.map(
  (text): Expression => ({
    title: `the literal ${JSON.stringify(text)}`,
    sql: literal(text),
    expected: text,
  }),
);

const tablesFilled = (
  [
    ['things', '[{"name":"things","rows":1}]', 'true'],
    ['things', '[{"rows": 1, "name": "things"}]', 'true'],
    ['thing', '[{"name":"things"}]', 'false'],
    ['a.b', '[{"name":"axb"}]', 'false'],
    ['在庫', '[{"name":"在庫"}]', 'true'],
  ] as const
).map(([name, tables, expected]): Expression => {
  const sql = fillsTable(name).replace('(tables)', `(PARSE_JSON(${literal(tables)}))`);
  return { title: `whether ${tables} has ${name}`, sql: `CAST(${sql} AS STRING)`, expected };
});

function bigQueryValue(of: ColumnType, value: string | string[]): string {
  if (of.kind === 'list')
    return `[${[value]
      .flat()
      .map((item) => bigQueryValue(of.item, item))
      .join(', ')}]`;
  const text = literal(String(value));
  if (of.kind === 'json') return fromStaging(text, of);
  if (of.kind === 'string') return text;
  return ['int64', 'float64', 'bool'].includes(of.kind)
    ? `CAST(${text} AS ${castType(of)})`
    : `${castType(of)} ${text}`;
}

function duckDbValue(of: ColumnType, value: string | string[]): string {
  if (of.kind !== 'list') return `CAST('${String(value).replaceAll("'", "''")}' AS ${duckDbType(of)})`;
  const items = [value].flat().map((item) => duckDbValue(of.item, item));
  // Parquet files have lists as JSON text.
  return `CAST(CAST([${items.join(', ')}] AS JSON) AS VARCHAR)`;
}

let connection: DuckDBConnection | undefined;

async function evaluateInDuckDb(sql: string): Promise<string> {
  if (!connection) {
    connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run("SET TimeZone = 'UTC'");
  }
  return String((await connection.runAndReadAll(sql)).getRows()[0]?.[0]);
}
