import type { ReportSchemas } from './types.js';
import type { View, ViewTable } from './views.js';

/** Returns the reference page of the views that come with the program. */
export function viewsPage(views: View[], schemas: ReportSchemas): string {
  const types = new Map(
    [...schemas.values()].flatMap(({ reportType, tables }) => tables.map(({ name }) => [name, reportType])),
  );
  const index = views.map(({ name, description }) => `| [${name}](#${name}) | ${cell(description)} |`);
  return `# Views

Views answer the most common questions of sellers, in SQL on the report tables. In DuckDB, PostgreSQL and BigQuery alike, each view is created as soon as
its tables exist; there is nothing to switch on. \`sp-reports tables --views\` lists the views and the tables they wait for.

| view | answers |
|---|---|
${index.join('\n')}

\`\`\`sql
-- The ten most profitable products, per currency, after Amazon's fees.
SELECT currency, sku, SUM(units_sold) AS units, SUM(profit_before_costs) AS profit
FROM profit_per_sku_and_month
WHERE sku IS NOT NULL
GROUP BY currency, sku
ORDER BY profit DESC
LIMIT 10
\`\`\`

They are plain SELECTs in \`schemas/views/\` of the package. Read them to see how a figure is computed. If they don't match your bookkeeping, start
your own view from a copy.

## Your own views

The file \`views/my_view.sql\` in your folder of report schemas (\`schemas/views/my_view.sql\` next to \`pipelines.yaml\`, unless \`schemas\` names
another folder) defines the view \`my_view\`. If a packaged view has the same name, yours replaces it. The file begins with a comment that says
what the view answers and which tables it reads, followed by one SELECT:

\`\`\`sql view
-- Stock that did not sell in 90 days.
--
-- Tables: inventory_planning
-- Columns:
--   sku: The seller's SKU.
--   available: Units that can be sold now.
-- Caveats: As old as the newest snapshot.
SELECT sku, available
FROM inventory_planning
WHERE units_shipped_t90 = 0
\`\`\`

- \`Tables: a, b\` means that the view needs both tables. With \`Tables: a | b\`, one is enough; the other one counts as empty until it exists. With
  \`Tables: a, b?\`, the view does without \`b\`, which counts as empty until it exists.
- A view may read other views, packaged ones and your own: name them under \`Tables:\` too. It contains their SQL, so it changes with them.
- \`marketplace_facts\` is a table of facts that every view may read: \`marketplace_id\`, \`country\`, \`marketplace_name\` (such as Amazon.de),
  \`currency\` and \`time_zone\`, all of them texts.
- \`LOCAL_DATE(time, zone)\` is the day of a UTC time in a time zone, in every warehouse: \`LOCAL_DATE(posted_date_time, 'Europe/Berlin')\`.
- \`_as_of\` is a further column of every table of reports: the end of the data period of its report, otherwise when the report was created, in
  UTC. It is NULL if neither is known.
- \`Columns:\` and \`Caveats:\` are optional. They are for readers, and for \`schemas export --format dbt\`.
- Tables are named without a schema or dataset. Every column of the report schema exists; it is NULL if no document had it yet.
- If you may switch warehouses, use only what all understand: \`CAST(x AS STRING)\`, \`COALESCE\`, \`CASE\`, \`SUBSTR\`, window functions. The text of
  floating-point numbers, lists and JSON differs between them ([bigquery.md](bigquery.md#tables)), and in PostgreSQL \`/\` of whole numbers has no
  fraction ([postgres.md](postgres.md#views)): \`CAST(a AS NUMERIC) / b\` has one everywhere.
- \`sp-reports schemas check\` reports mistakes by file and line: a statement other than SELECT, unknown columns and tables, a name that a table
  already has. A view exists as soon as its file does: \`query\`, the next load and the next drain of \`start\` make it, make it again if its
  SQL, what it reads or its tables changed, and drop it if its file is gone.
- A view that cannot be created never blocks a load. The log and \`sp-reports tables --views\` report the reason. The program never changes a view or table of the same name that somebody else created.

${views.map((view) => section(view, types)).join('\n')}`;
}

function section({ name, description, caveats, tables, columns }: View, types: Map<string, string>): string {
  const source = (table: ViewTable) => `\`${table.name}\`${sourceNote(table, types)}`;
  const read = tables.map((group) => group.map(source).join(' or ')).join(', and ');
  return `## ${name}

${description}

Reads ${read}.

| column | |
|---|---|
${columns.map((column) => `| \`${column.name}\` | ${cell(column.description)} |`).join('\n')}

${caveats}
`;
}

function sourceNote({ name, view, facts, isOptional }: ViewTable, types: Map<string, string>): string {
  const what = view ? 'a view' : facts ? 'facts' : (types.get(name) ?? 'no report schema');
  return ` (${what}${isOptional ? ', if it exists' : ''})`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
