import { z } from 'zod';
import { withoutUndefined } from '../runtime/without-undefined.js';
import { didYouMean } from '../text/nearest-name.js';
import { namePattern } from './column-name.js';
import { meantType, plainTypes, readColumnType } from './column-type.js';
import { historyModes } from './history.js';
import { requestFactsSpec, toRequestFacts } from './request-facts-spec.js';
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
        'Name in the table: snake_case, valid in DuckDB, PostgreSQL and BigQuery. Names that begin with `_` belong to the lineage columns.',
      ),
    from: z
      .union([header, z.array(header).min(1)])
      .describe(
        "Amazon's header, or a list of its known spellings and languages, best first. Case, blanks, `-` and `_` are ignored. In `json` and `xml`, the path of the value within the row: `sales.amount`, `@attribute`, `$.path` from the top of the document, `^.path` from the object that contains the list of rows.",
      ),
    type: z
      .string()
      .refine((text) => readColumnType(text) !== undefined, {
        error: (issue) => typeProblem(String(issue.input)),
      })
      .meta({
        description:
          'One of `string`, `int64`, `decimal(p,s)` (p up to 38 digits, s of them after the point), `float64`, `bool`, `date`, `timestamp` (UTC), `json`, or a list of any of them except `json`, such as `list(string)`. Ids are strings, even if they look like numbers. Money is a decimal.',
        pattern: `^(${typePattern(plainTypes)}|list\\(${typePattern(plainTypes.filter((kind) => kind !== 'json'))}\\))$`,
      }),
    description: z
      .string()
      .min(1)
      .optional()
      .describe('What the column contains, if its name does not say so.'),
    dateOrder: z
      .enum(['mdy', 'dmy', 'ymd'])
      .optional()
      .describe(
        'Whether 03/04/2026 is in March (`mdy`) or in April (`dmy`), and whether 26/11/05 is in 2026 (`ymd`), if nothing in the document shows it. By default the marketplace decides, with a warning.',
      ),
    pii: z
      .boolean()
      .optional()
      .describe(
        'Whether the column contains personal data of buyers: a name, an address, a tax number, a text they wrote. The `pii` policy of a pipeline and `sp-reports purge` apply to these columns. Key columns cannot be marked.',
      ),
    nullTexts: z
      .boolean()
      .optional()
      .describe(
        'Whether texts that mean "no value", such as `--` and `N/A`, are NULL in this string column. In columns of other types they always are.',
      ),
  })
  .describe('The columns, in the order of the table.');

const loadSpec = z
  .strictObject({
    mode: z
      .enum(['append', 'merge', 'replace', 'snapshot'])
      .describe(
        '`append`: adds rows, once per document. `merge`: for each key, the newest report wins. `replace`: replaces all rows with the same key values as a set. `snapshot`: replaces all earlier rows of the seller and marketplace.',
      ),
    key: z
      .array(z.string())
      .default([])
      .describe(
        'Column names. Together with the seller, they decide which rows a newer report replaces. Required by `merge` and `replace`. A key need not be unique: all rows of a document stay.',
      ),
    why: z
      .string()
      .min(1)
      .optional()
      .describe('One line that says why this mode and key suit the report type.'),
  })
  .describe('How new rows are combined with the rows already in the table.');

const checkSpec = z
  .strictObject({
    name: z
      .string()
      .regex(namePattern, nameProblem)
      .describe('Name of the check in the ledger and in warnings.'),
    sum: z
      .union([z.string(), z.array(z.string()).min(1)])
      .describe('The columns whose values are added up. Their type is `decimal` or `int64`.'),
    equals: z
      .string()
      .describe(
        'The column with the stated sum, on one row of each group, such as a summary row. The first value counts; without a value, nothing is checked.',
      ),
    per: z
      .union([z.string(), z.array(z.string())])
      .default([])
      .describe('Columns whose values group the rows. By default all rows of a document form one group.'),
  })
  .describe(
    'Totals that a document states and its rows must add up to. Verified at each load; the result is in `checks` of `_loads`. A mismatch is a warning and drops no rows.',
  );

const tableSpec = z
  .strictObject({
    name: z
      .string()
      .regex(namePattern, nameProblem)
      .max(100)
      .describe('Name of the table in the warehouse. A table belongs to one report type.'),
    rows: z
      .string()
      .min(1)
      .optional()
      .describe(
        'For `json` and `xml`: the path to the list whose items are the rows, such as `salesByAsin`, or `campaigns.coupons` for the coupons of all campaigns. In `xml`, paths start below the root element. `$` if the document itself is the list, or is a single row.',
      ),
    load: loadSpec,
    partitionBy: z
      .string()
      .optional()
      .describe('A `date` or `timestamp` column. Warehouses with partitions partition the table by it.'),
    history: z
      .enum(historyModes)
      .optional()
      .describe(
        'For the load mode `snapshot`: the history that is kept in the table `<name>_history`, unless the settings say otherwise. `changes`: one row for each time that a row stayed the same, with `valid_from` and `valid_to`. `daily`: the rows of the last report of each day, with `valid_on`. Omitted for no history.',
      ),
    checks: z.array(checkSpec).optional(),
    columns: z.array(columnSpec).min(1),
  })
  .describe(
    'The tables that a document fills: one for `tsv`, `csv` and `xlsx`, one for each list of rows in `json` and `xml`, none for `raw`. Omitted if the columns of the report type are not known; they are then taken from each document.',
  );

/**
 * The spec of a report schema. Parsing, checks, the reference page and the JSON Schema for editors
 * all derive from it.
 */
export const reportSchemaSpec = z.strictObject({
  reportType: z
    .string()
    .regex(
      /^[A-Z][A-Z0-9_]*$/,
      "expected Amazon's name of a report type, such as GET_MERCHANT_LISTINGS_ALL_DATA",
    )
    .describe("Amazon's name of the report type."),
  description: z.string().default('').describe('One line that says what a row is.'),
  category: z
    .string()
    .min(1)
    .optional()
    .describe('The group in the list of report types, such as `settlement`.'),
  request: requestFactsSpec.optional(),
  format: z
    .enum(['tsv', 'csv', 'xlsx', 'json', 'xml', 'raw'])
    .describe(
      'Format of the document. The delimiter of `tsv` and `csv` is verified on the header line. In an `xlsx` workbook, the first sheet is read. A document whose bytes are a workbook is read as one, whatever its format. `raw` documents are kept but not parsed.',
    ),
  quoting: z
    .enum(['none', 'outer', 'csv'])
    .optional()
    .describe(
      'How cells are quoted. `none`: a double quote is data. `outer`: one pair of quotes around a cell is removed, quotes inside are data. `csv`: as in RFC 4180. The default is `csv` for the format `csv`, otherwise `none`.',
    ),
  restricted: z
    .boolean()
    .default(false)
    .describe('Whether Amazon requires a restricted data token for the document (personal data).'),
  tables: z.array(tableSpec).default([]),
});

type ReportSchemaYaml = z.output<typeof reportSchemaSpec>;

/**
 * Returns the schema that the YAML describes, with every default filled in. `file` is its name in
 * messages.
 */
export function toReportSchema(yaml: ReportSchemaYaml, file: string): ReportSchema {
  return withoutUndefined({
    reportType: yaml.reportType,
    description: yaml.description,
    category: yaml.category,
    request: yaml.request && toRequestFacts(yaml.request),
    format: yaml.format,
    quoting: yaml.quoting ?? (yaml.format === 'csv' ? 'csv' : 'none'),
    restricted: yaml.restricted,
    tables: yaml.tables.map(toTable),
    file,
  });
}

function toTable({
  name,
  rows,
  load,
  partitionBy,
  history,
  checks,
  columns,
}: ReportSchemaYaml['tables'][number]): TableSchema {
  return withoutUndefined({
    name,
    rows,
    load: withoutUndefined({ mode: load.mode, key: load.key, why: load.why }),
    partitionBy,
    history,
    checks: checks?.map(({ sum, per, ...check }) => ({
      ...check,
      sum: [sum].flat(),
      per: [per].flat(),
    })),
    columns: columns.map(
      (column): ColumnSchema =>
        withoutUndefined({
          name: column.name,
          from: [column.from].flat(),
          type: readColumnType(column.type) as ColumnType,
          description: column.description,
          dateOrder: column.dateOrder,
          nullTexts: column.nullTexts ? (true as const) : undefined,
          pii: column.pii ? (true as const) : undefined,
        }),
    ),
  });
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
