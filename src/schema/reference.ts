import { type JsonSchema, jsonSchema, referencePage } from '../yaml/spec-reference.js';
import { reportSchemaSpec } from './spec.js';
import { type ValueExample, type ValueRule, valueRules } from './value-rules.js';

/**
 * Returns the page docs/schemas.md: how to add a report type, with an example, and every key of a
 * report schema.
 */
export function schemaReference(): string {
  return `# Report schemas

A report schema is a YAML file that says how a report type becomes a table with typed columns. The schemas that come with
\`sp-reports\` are in its folder \`schemas/\`. Your own go into the folder that \`schemas\` in pipelines.yaml names. Your file
replaces the packaged one for the same report type. Only facts in \`request\` that your file does not state still apply, because they are
about Amazon. The folder \`views/\` in it contains [views](views.md).

A report type without a schema loads too: columns and types are taken from each document, and all rows are kept. The same applies if a
schema omits \`tables\` because its columns are not known; that schema still has the description, the format, and whether the
document is restricted. The table is named after the report type, and rows are appended.

## Adding a report type

1. Draft the schema from a document: \`sp-reports schemas infer FILE --type REPORT_TYPE > my-schemas/REPORT_TYPE.yaml\`. The draft
   notes which columns were empty, and which columns could identify a row.
2. Check the types: ids (orders, SKUs, postal codes) are strings even if they look like numbers, and money is a decimal.
3. Decide how a newer report replaces the rows of an older one (\`load\`), because Amazon restates its reports.
4. Run \`sp-reports schemas check\`. It reports every mistake with file, line, column and the nearest valid key.
5. Run \`sp-reports schemas check my-schemas/REPORT_TYPE.yaml --sample FILE\` with one or two documents. It reports values that do not fit
   their type, headers that the schema does not know, and whether the key identifies rows. Its exit code is 0 if the document fits.

This is the finished file for a report on removal orders, whose documents overlap and whose order lines change until they are complete:

\`\`\`yaml
${workedExample}\`\`\`

To apply a new schema to documents that are already loaded, run \`sp-reports reload\`.

## Headers that the schema does not know

Headers are compared with \`from\` first exactly, then ignoring case, blanks, \`-\` and \`_\`. An unknown header
becomes a new column at the end of the table; nothing is dropped. A column that a document lacks is NULL. A value that
does not fit the type of its column is NULL in the table and kept with its text in \`_rejects\`.

The type of a new column comes from all of its values in the document: \`int64\`, \`decimal\`, \`bool\`, \`date\` or \`timestamp\` if every value is
one, otherwise \`string\`. Ids stay text: numbers with leading zeros, whole numbers of ten digits or more, telephone numbers, and columns whose header says
so (\`campaign-id\`, \`Bestellnummer\`). If a later document has other values, the column is widened, to text if no other type holds both. A column
that is text already stays text. If a column of numbers is missing, and a new column of numbers is in its place, between the same columns, the warning
\`MEASURE_MISSING\` names both: Amazon may have renamed the column.

This is the contract \`evolve\`. \`schemaContract\` of a pipeline chooses another one for unknown columns (\`columns\`) and for values that do not fit
(\`dataType\`), for all of its tables or for single ones: \`freeze\` quarantines the document, \`discard_row\` moves the row to \`_rejects\` as JSON, and
\`discard_value\` leaves out the column, or the value.

For example, \`schemaContract: { columns: discard_value, tables: [{ name: settlement_v2, columns: freeze }] }\` leaves out unknown columns, and
quarantines settlements that have one.

\`sp-reports schemas drift\` reports unknown headers, columns that documents lack although earlier documents of the same seller and
marketplaces had them (a schema lists the columns of all marketplaces and years), and columns whose type was widened. For each, it
shows since when it exists, in how many documents, and examples. \`--yaml\` prints the column lines that resolve the drift: columns for new headers, another
spelling if a header seems to be the new name of a missing column (at its position, in the same documents, with values of its type), and
types as wide as in the table. The ledger keeps the drift in \`tables\` of \`_loads\`.

## How rows are read

A delimited document is comma-separated, semicolon-separated or tab-separated text. Its own header line decides which. How its cells are quoted follows
from that and from \`quoting\` of the schema:

- Text with another delimiter than tabs, and tab-separated text with \`quoting: csv\`, is read as in RFC 4180. Quotes around a cell are removed, and
  may have blanks outside them. Quoted cells may contain delimiters and line breaks, in the header too.
- Tab-separated text has no quotes otherwise: every tab separates cells, and every line is a row. With \`quoting: outer\`, or if all header cells are
  quoted, one pair of quotes around a cell is removed. Quotes inside are data.

Some writers do not double the quotes inside a quoted cell: \`"Cable 5", blue"\`. If RFC 4180 does not explain a row, or makes another number of cells than
the header has, the row is read in every way that its quotes allow. If exactly one of them makes the right number of cells, that one is right,
unless RFC 4180 explains the row with fewer cells: then it has two meanings. Rows with no such reading or with several meanings are in \`_rejects\`
with their whole lines.

A row with more cells than the header is in \`_rejects\`, unless the surplus cells are empty. A row with fewer cells is loaded, and the columns that it
lacks are NULL. A warning, \`ROWS_SHORT\`, counts such rows; if most rows are short, as if empty cells at the end were left out, it is a note.

Rows whose cells moved are in \`_rejects\` too, whole and with the reason. Rows are worth a closer look if they are short, have values that are not of
their type, or have two or more texts of an unusual length. They are compared with what the columns look like in the first 1,000 rows: types,
texts, kinds of characters, lengths, empty cells.

- If two or more cells fit the columns one to three places beside theirs much better than their own, the row is rejected.
- If the rows that follow each other complete each other, as when a line break in a cell cuts a row, all of the pieces are rejected.
- A row of a single cell, in a table whose rows have more, is rejected. The row before it or after it may lack that text.

No test can find a cell that looks like its neighbours: a number that moved among numbers stays where it is.

## How values are read

Each type accepts what Amazon is known to write, in every language and format. Both engines follow the same rules. A value that fits no rule
is NULL and kept in \`_rejects\`.

| rule | type | in the document | in the table |
|---|---|---|---|
${valueRules.map(ruleRows).join('\n')}

## Totals stated in a document

Some documents state a total that shows whether all of their rows were read: the first row of a settlement has the total of its
amounts. A table of a schema declares it with \`checks: [{ name: total, sum: amount, equals: total_amount, per: settlement_id }]\`, and each load
verifies it. \`checks\` of \`_loads\` has the expected and the actual total; \`load\`, \`loads\` and \`run\` warn if they differ. All rows
stay. A sum of several columns is a list: \`sum: [price_amount, fee_amount]\`.

## Personal data

A column with \`pii: true\` contains personal data of buyers. The \`pii\` policy of a pipeline and \`sp-reports purge\` apply to these columns, and also to columns that a
schema does not know but that have similar names (\`buyer_name\`, \`ship_address_1\`), e-mail addresses or telephone numbers. For a \`restricted\` type, they apply to all columns that the
schema does not know. See [personal-data.md](personal-data.md). Key columns cannot be marked.

## Documents in JSON and XML

For such a document, \`rows\` of a table is the path to the list whose items are its rows, and \`from\` of a column is the path of its value:

\`\`\`yaml
${jsonExample}\`\`\`

| path | what it refers to |
|---|---|
| \`rows: campaigns\` | The items of the list \`campaigns\` at the top of the document; in XML, each element \`campaigns\` below the root. |
| \`rows: campaigns.coupons\` | The coupons of all campaigns. |
| \`rows: $\` | The document itself: a list of rows, or one row. |
| \`from: budget.amount\` | A value in the row, through its objects. A list is kept as a list if the column is \`list(...)\`, otherwise as JSON text. An object is kept as JSON text if the column is \`json\`. |
| \`from: '@id'\` | An attribute, in XML. The text of an element has the path of the element, with or without attributes. |
| \`from: $.reportSpecification.dataStartTime\` | A value at the top of the document, the same for every row, before or after the rows. |
| \`from: ^.campaignId\` | A value of the object that contains the list of rows, one level up in \`rows\`; \`^.^.campaignId\` is one level further up. |
| \`from: .\` | The row itself, if it is a text or a number. |

Paths are compared like headers. An unknown path in a row becomes a new column with the type of its values. A list that no
table names becomes a separate table with inferred columns. A column of type \`list(string)\`, or of another list type, is a list in the
warehouse too (\`VARCHAR[]\` in DuckDB) and JSON text in the Parquet files of the lake. A repeating XML element is a list, even if it
occurs only once. Values outside the rows that no column uses are listed in the notes of the load. XML namespaces are ignored, and XML
that declares entities is rejected.

## What every table has

Every table ends with the lineage columns \`_report_id\`, \`_document_id\`, \`_seller_id\`, \`_marketplace_ids\`, \`_data_start\`,
\`_data_end\`, \`_row\` and \`_loaded_at\`.

## Load modes

| mode | what it does | use it for |
|---|---|---|
| \`append\` | adds the rows of a document, once | reports that never overlap |
| \`merge\` | deletes the rows of the same seller with the same key, then adds all rows of the document | rows with an id |
| \`replace\` | the same, for keys that several rows share | rows without an id: a settlement, the events of a day |
| \`snapshot\` | replaces all earlier rows of the same seller and marketplace | listings, inventory |

Neither \`merge\` nor \`replace\` drops a row of the document itself, even if several of its rows have the same key values. Empty key
values count as equal. An older report never replaces rows of a newer one.

## Keys

${referencePage(reportSchemaSpec, { headingLevel: 3 })}`;
}

/**
 * Returns the table rows of a rule: one for each value, with the texts that are read as this value.
 */
function ruleRows({ rule, examples }: ValueRule): string {
  const byValue = new Map<string, string[]>();
  for (const example of examples) {
    const { type, value, isRejected } = example;
    const found = value === null ? `NULL${isRejected ? ', rejected' : ''}` : `\`${value}\``;
    const key = `\`${type}\` | ${found}`;
    byValue.set(key, [...(byValue.get(key) ?? []), writtenText(example)]);
  }
  const rows = [...byValue].map(([key, texts]) => {
    const [type, found] = key.split(' | ');
    return `${type} | ${texts.join(', ')} | ${found} |`;
  });
  return rows.map((row, index) => `| ${index === 0 ? rule : ''} | ${row}`).join('\n');
}

function writtenText({ text, beside, country }: ValueExample): string {
  const written = text === '' ? 'nothing' : `\`${text}\``;
  if (beside !== undefined) return `${written} beside \`${beside}\``;
  return country === undefined ? written : `${written} in marketplace ${country}`;
}

/** Returns the JSON Schema of a report schema file, for editors. */
export function schemaJsonSchema(): JsonSchema {
  return { ...jsonSchema(reportSchemaSpec), description: 'A report schema of sp-reports.' };
}

const jsonExample = `reportType: GET_COUPON_CAMPAIGNS
description: Coupon campaigns, and the coupons of each.
format: json
tables:
  - name: coupon_campaigns
    rows: campaigns
    load: { mode: merge, key: [campaign_id], why: A campaign comes again as its figures grow; the newest report wins. }
    columns:
      - { name: campaign_id, from: campaignId, type: string }
      - { name: budget, from: budget.amount, type: 'decimal(18,4)' }
      - { name: budget_currency, from: budget.currencyCode, type: string }
      - { name: marketplace_ids, from: $.reportSpecification.marketplaceIds, type: list(string) }
  - name: coupon_campaign_coupons
    rows: campaigns.coupons
    load: { mode: merge, key: [campaign_id, coupon_id], why: As the campaigns. }
    columns:
      - { name: campaign_id, from: ^.campaignId, type: string }
      - { name: coupon_id, from: couponId, type: string }
      - { name: clips, from: clips, type: int64 }
`;

const workedExample = `reportType: GET_FBA_FULFILLMENT_REMOVAL_ORDER_DETAIL_DATA
description: Removal orders, one row per order and item.
format: tsv
tables:
  - name: removal_orders
    load:
      mode: merge
      key: [order_id, sku, disposition]
      why: A removal order comes again until it is done; the newest report wins.
    partitionBy: request_date
    columns:
      - { name: request_date, from: request-date, type: timestamp }
      - { name: order_id, from: order-id, type: string }
      - { name: order_status, from: order-status, type: string }
      - { name: sku, from: [sku, msku], type: string, description: SKU of the seller. }
      - { name: disposition, from: disposition, type: string }
      - { name: requested_quantity, from: requested-quantity, type: int64 }
      - { name: removal_fee, from: removal-fee, type: 'decimal(18,4)' }
      - { name: currency, from: currency, type: string }
`;
