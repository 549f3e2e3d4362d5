import { z } from 'zod';
import { didYouMean } from '../text/nearest-name.js';
import { namePattern } from './column-name.js';
import { meantType, plainTypes, readColumnType } from './column-type.js';
import type { ColumnSchema, ColumnType, ReportSchema, TableSchema } from './types.js';

const nameProblem =
  'expected a name of lower-case letters, digits and _ that begins with a letter, such as order_id';

const header = z.string().min(1);

const columnSpec = z
  .strictObject({
    name: z
      .string()
      .regex(namePattern, nameProblem)
      .describe(
        'Name in the table: snake_case, valid in DuckDB and BigQuery. Names that begin with `_` belong to the lineage columns.',
      ),
    from: z
      .union([header, z.array(header).min(1)])
      .describe(
        "Amazon's header, or a list of its known spellings and languages, best first. Case, blanks, `-` and `_` don't matter. In `json` and `xml` the path of the value from the row: `sales.amount`, `@attribute`, `$.path` from the top of the document, `^.path` from what holds the list of rows.",
      ),
    type: z
      .string()
      .refine((text) => readColumnType(text) !== undefined, {
        error: (issue) => typeProblem(String(issue.input)),
      })
      .meta({
        description:
          'One of `string`, `int64`, `decimal(p,s)` (p up to 38 digits, s of them after the point), `float64`, `bool`, `date`, `timestamp` (UTC), `json`, or a list of one of them but `json`, such as `list(string)`. Ids are strings, whatever they look like; money is a decimal.',
        pattern: `^(${typePattern(plainTypes)}|list\\(${typePattern(plainTypes.filter((kind) => kind !== 'json'))}\\))$`,
      }),
    description: z
      .string()
      .min(1)
      .optional()
      .describe('What the column holds, where its name does not say it.'),
    dateOrder: z
      .enum(['mdy', 'dmy'])
      .optional()
      .describe(
        'Whether 03/04/2026 is in March (`mdy`) or in April (`dmy`) where the document cannot settle it. Without it the marketplace decides.',
      ),
    pii: z
      .boolean()
      .optional()
      .describe(
        'Whether the column holds personal data of buyers: a name, an address, a tax number, words of theirs. The `pii` policy of a pipeline and `sp-reports purge` are about these columns. Not for columns of the key.',
      ),
  })
  .describe('The columns, in the order the table shall have.');

const loadSpec = z
  .strictObject({
    mode: z
      .enum(['append', 'merge', 'replace', 'snapshot'])
      .describe(
        '`append`: rows are added, once per document. `merge`: the newest report wins per key. `replace`: rows with the same key values are replaced as a set. `snapshot`: what the seller and marketplace had before is replaced.',
      ),
    key: z
      .array(z.string())
      .default([])
      .describe(
        'Column names; together with the seller they say which rows a newer report replaces. Needed by `merge` and `replace`. It need not be unique: all rows of a document stay.',
      ),
    why: z
      .string()
      .min(1)
      .optional()
      .describe('One line: why this mode and key are right for the report type.'),
  })
  .describe('How the rows of a document meet those already in the table.');

const checkSpec = z
  .strictObject({
    name: z.string().regex(namePattern, nameProblem).describe('What the ledger and warnings call it.'),
    sum: z
      .union([z.string(), z.array(z.string()).min(1)])
      .describe('The columns whose values are added up, of type `decimal` or `int64`.'),
    equals: z
      .string()
      .describe(
        'The column that has the sum, on one row of those that belong together: on a summary row, say. The first value counts; where there is none, nothing is checked.',
      ),
    per: z
      .union([z.string(), z.array(z.string())])
      .default([])
      .describe('Columns by whose values rows belong together. Without it all rows of a document do.'),
  })
  .describe(
    'What documents say of themselves: a sum that their rows must add up to. Checked at each load, told in `checks` of `_loads`; one that fails is a warning and drops no rows.',
  );

const tableSpec = z
  .strictObject({
    name: z
      .string()
      .regex(namePattern, nameProblem)
      .max(100)
      .describe('Table in the warehouse. One table belongs to one report type.'),
    rows: z
      .string()
      .min(1)
      .optional()
      .describe(
        'The path to the list whose items are the rows, for `json` and `xml`: `salesByAsin`, or `campaigns.coupons` for the coupons of all campaigns. In `xml` from below the root element. `$` where the document itself is the list, or one row.',
      ),
    load: loadSpec,
    partitionBy: z
      .string()
      .optional()
      .describe('A `date` or `timestamp` column by which a warehouse that can partition does so.'),
    checks: z.array(checkSpec).optional(),
    columns: z.array(columnSpec).min(1),
  })
  .describe(
    'The tables a document fills: one for `tsv`, `csv` and `xlsx`, one for each list of rows in `json` and `xml`, none for `raw`. Left out where the columns of the type are not known: they are taken from each document.',
  );

/** The YAML of a report schema; parsing, checks, the reference page and the JSON Schema for editors all come from it. */
export const reportSchemaSpec = z.strictObject({
  reportType: z
    .string()
    .regex(
      /^[A-Z][A-Z0-9_]*$/,
      "expected Amazon's name of a report type, such as GET_MERCHANT_LISTINGS_ALL_DATA",
    )
    .describe("Amazon's name of the report type."),
  description: z.string().default('').describe('One line: what a row is.'),
  category: z
    .string()
    .min(1)
    .optional()
    .describe('The group under which the list of report types has it, such as `settlement`.'),
  madeBy: z
    .array(
      z
        .enum(['automatic', 'requested', 'scheduled'])
        .describe(
          'How reports of the type come about. `automatic`: Amazon makes them by itself. `requested`: somebody asks for each, in Seller Central or by createReport. `scheduled`: by createReportSchedule. Left out where it is not known.',
        ),
    )
    .min(1)
    .optional(),
  format: z
    .enum(['tsv', 'csv', 'xlsx', 'json', 'xml', 'raw'])
    .describe(
      'Format of the document. The delimiter of `tsv` and `csv` is checked on the header line. Of `xlsx` the first sheet is read; a document whose bytes are a workbook is read so in the other formats too. `raw` documents are kept and not parsed.',
    ),
  quoting: z
    .enum(['none', 'outer', 'csv'])
    .optional()
    .describe(
      'How cells are quoted. `none`: a double quote is data. `outer`: one pair around a cell is taken off, quotes inside are data. `csv`: by RFC 4180. Without it `csv` for csv, else `none`.',
    ),
  restricted: z
    .boolean()
    .default(false)
    .describe('Whether Amazon gives the document only for a restricted data token (personal data).'),
  tables: z.array(tableSpec).default([]),
});

type ReportSchemaYaml = z.output<typeof reportSchemaSpec>;

/** What the YAML says, with every default filled in. `file` is the name for messages. */
export function toReportSchema(yaml: ReportSchemaYaml, file: string): ReportSchema {
  return {
    reportType: yaml.reportType,
    description: yaml.description,
    ...(yaml.category === undefined ? {} : { category: yaml.category }),
    ...(yaml.madeBy === undefined ? {} : { madeBy: yaml.madeBy }),
    format: yaml.format,
    quoting: yaml.quoting ?? (yaml.format === 'csv' ? 'csv' : 'none'),
    restricted: yaml.restricted,
    tables: yaml.tables.map(toTable),
    file,
  };
}

function toTable({
  name,
  rows,
  load,
  partitionBy,
  checks,
  columns,
}: ReportSchemaYaml['tables'][number]): TableSchema {
  return {
    name,
    ...(rows === undefined ? {} : { rows }),
    load: { mode: load.mode, key: load.key, ...(load.why === undefined ? {} : { why: load.why }) },
    ...(partitionBy === undefined ? {} : { partitionBy }),
    ...(checks === undefined
      ? {}
      : {
          checks: checks.map(({ sum, per, ...check }) => ({
            ...check,
            sum: [sum].flat(),
            per: [per].flat(),
          })),
        }),
    columns: columns.map(
      (column): ColumnSchema => ({
        name: column.name,
        from: [column.from].flat(),
        type: readColumnType(column.type) as ColumnType,
        ...(column.description === undefined ? {} : { description: column.description }),
        ...(column.dateOrder === undefined ? {} : { dateOrder: column.dateOrder }),
        ...(column.pii ? { pii: true as const } : {}),
      }),
    ),
  };
}

/** The spellings of some types without parameters, and of decimals. */
function typePattern(plain: readonly string[]): string {
  return `(${plain.join('|')}|decimal\\(\\s*\\d{1,2}\\s*,\\s*\\d{1,2}\\s*\\))`;
}

function typeProblem(found: string): string {
  const types = [...plainTypes, 'decimal(18,4)', 'list(string)'];
  const meant = meantType(found);
  const hint = meant === undefined ? didYouMean(found, types) : `; did you mean "${meant}"?`;
  return `expected ${types.join(', ')} (or another precision and scale, up to 38; or a list of another type), found "${found}"${hint}`;
}
