import { type JsonSchema, jsonSchema, referencePage } from '../yaml/spec-reference.js';
import { reportSchemaSpec } from './spec.js';
import { type ValueExample, type ValueRule, valueRules } from './value-rules.js';

/** The page docs/schemas.md: how to add a report type, by an example, and every key of a report schema. */
export function schemaReference(): string {
  return `# Report schemas

A report schema is one YAML file that says how a report type becomes a table with typed columns. Those that come with
\`sp-reports\` are in its folder \`schemas/\`; your own go into a folder named under \`schemas\` in pipelines.yaml. A file of yours
takes the place of the one that comes with the program for the same report type. The folder \`views/\` within holds [views](views.md).

A report type without a schema loads as well: columns and types are taken from each document, all rows are kept. So does one whose
schema leaves \`tables\` out because its columns are not known; that schema still tells the description, the format, and whether the
document is restricted. The table is named after the report type, and rows are appended.

## Adding a report type

1. Let a document write the first version: \`sp-reports schemas infer FILE --type REPORT_TYPE > my-schemas/REPORT_TYPE.yaml\`. It
   tells which cells were empty, and by which columns rows could be told apart.
2. Check the types: ids (orders, SKUs, postal codes) are strings even where they look like numbers, money is a decimal.
3. Say how a newer report meets the rows of an older one (\`load\`), for Amazon restates its reports.
4. Run \`sp-reports schemas check\`. It tells every mistake with file, line, column and the nearest right key.
5. Run \`sp-reports schemas check my-schemas/REPORT_TYPE.yaml --sample FILE\` with a document or two: it tells values that are not of
   their type, headers that the schema doesn't know, and whether the key tells rows apart. Its exit code is 0 where the document fits.

The finished file of a report on removal orders, whose documents overlap and whose order lines change until they are done:

\`\`\`yaml
${workedExample}\`\`\`

Documents that were loaded before there was a schema are loaded again with \`sp-reports reload\`.

## What happens to a header that is not in the schema

Headers are met with \`from\` first as they stand, then without regard to case, blanks, \`-\` and \`_\`. A header that no column knows
becomes a new column of type string at the end of the table; nothing is dropped. A column that a document lacks is NULL. A value that
is not of its column's type is NULL in the table and kept with its text in \`_rejects\`.

\`sp-reports schemas drift\` tells all headers that loaded documents had and schemas do not know, columns they lacked that earlier documents
of the same seller and marketplaces had (a schema has those of all marketplaces and years), and columns they made wider: since when, in how many documents, with examples. \`--yaml\` prints the column lines that adopt it: columns for new headers, another
spelling where a header seems to be the new name of a missing column (at its place, in the same documents, with values of its type), and
types as wide as the table has them. The ledger keeps the drift, in the \`tables\` of \`_loads\`.

## What values become

Each type reads what Amazon is known to write, in every language and format; the rules are the same in both engines. What fits none
is NULL and kept in \`_rejects\`.

| rule | type | in the document | in the table |
|---|---|---|---|
${valueRules.map(ruleRows).join('\n')}

## What documents say of themselves

Some documents carry a sum by which a reader can tell whether all of it was read: the first row of a settlement has the total of its
amounts. A table of a schema names it, \`checks: [{ name: total, sum: amount, equals: total_amount, per: settlement_id }]\`, and each load
makes the check. \`checks\` of \`_loads\` has what was expected and found; \`load\`, \`loads\` and \`run\` warn of a check that failed. All rows
stay. A sum of several columns is a list: \`sum: [price_amount, fee_amount]\`.

## Personal data

A column with \`pii: true\` holds personal data of buyers. Policies and \`sp-reports purge\` are about these columns, and about those that a
schema does not know but that are named like them (\`buyer_name\`, \`ship_address_1\`); of a \`restricted\` type all columns that the schema does
not know count. [personal-data.md](personal-data.md) tells more. Columns of a key can't be marked.

## Documents in JSON and XML

A table of such a document has \`rows\`, the path to the list whose items are its rows, and \`from\` of a column is the path of its value:

\`\`\`yaml
${jsonExample}\`\`\`

| path | where it leads |
|---|---|
| \`rows: campaigns\` | The items of the list \`campaigns\` at the top of the document; in XML each element \`campaigns\` below the root. |
| \`rows: campaigns.coupons\` | The coupons of all campaigns. |
| \`rows: $\` | The document itself: a list of rows, or one row. |
| \`from: budget.amount\` | From the row, through its objects. A list there is kept as a list where the column is \`list(...)\`, else as JSON text, and so is an object where the column is \`json\`. |
| \`from: '@id'\` | An attribute, in XML. The text of an element is at the path of the element, attributes or not. |
| \`from: $.reportSpecification.dataStartTime\` | From the top of the document, the same in every row, wherever in the document it stands. |
| \`from: ^.campaignId\` | From what holds the list of rows, one level up in \`rows\`; \`^.^.campaignId\` from one level above that. |
| \`from: .\` | The row itself, where it is a text or a number. |

Paths are met as headers are. A path in a row that no column knows becomes a new column of the type its values have; a list that no
table names becomes a table of its own with inferred columns. A column of type \`list(string)\` or of another list is a list in the
warehouse too, \`VARCHAR[]\` in DuckDB, and JSON text in the Parquet files of the lake; an element of XML that repeats is a list, also where it
stands once. What stands beside the rows and is taken by no column is told in the
notes of the load. Namespaces of XML are ignored, and XML that declares entities is refused.

## What every table has

Every table ends with the lineage columns \`_report_id\`, \`_document_id\`, \`_seller_id\`, \`_marketplace_ids\`, \`_data_start\`,
\`_data_end\`, \`_row\` and \`_loaded_at\`.

## How rows of a newer report meet older ones

| mode | what it does | right for |
|---|---|---|
| \`append\` | adds the rows of a document, once | reports that never overlap |
| \`merge\` | rows of the same seller with the same key go, all rows of the document come | rows with an id |
| \`replace\` | the same, for keys that several rows share | rows without an id: a settlement, the events of a day |
| \`snapshot\` | what the same seller and marketplace had before goes | listings, inventory |

Neither \`merge\` nor \`replace\` ever drops a row of the document itself, however often its key values occur in it, and empty key
values count as equal. A report that is older than what the table holds doesn't take its place.

## Keys

${referencePage(reportSchemaSpec, { headingLevel: 3 })}`;
}

/** The rows of a rule: a row for each value, with the texts that become it. */
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

/** The JSON Schema of a report schema file, for editors. */
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
