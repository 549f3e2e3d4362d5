import type { ReportSchemas } from './types.js';
import type { View } from './views.js';

/** The reference page of the views that come with the program. */
export function viewsPage(views: View[], schemas: ReportSchemas): string {
  const types = new Map(
    [...schemas.values()].flatMap(({ reportType, tables }) => tables.map(({ name }) => [name, reportType])),
  );
  const index = views.map(({ name, description }) => `| [${name}](#${name}) | ${cell(description)} |`);
  return `# Views

Questions that sellers ask, answered in SQL on the tables of reports. Commits make them in the warehouse, DuckDB and BigQuery alike, as soon as
the tables they read are there; nothing has to be switched on. \`sp-reports tables --views\` lists them, and what they wait for.

| view | answers |
|---|---|
${index.join('\n')}

\`\`\`sql
-- The ten products that brought in most, of each currency what is left after Amazon's fees.
SELECT currency, sku, SUM(units_sold) AS units, SUM(profit) AS profit
FROM profit_per_sku
WHERE sku IS NOT NULL
GROUP BY currency, sku
ORDER BY profit DESC
LIMIT 10
\`\`\`

They are plain SELECTs in \`schemas/views/\` of the package: read them to see what a figure is made of, and where they don't fit your books, begin
your own with a copy.

## Your own views

A file \`views/my_view.sql\` within your folder of report schemas (\`schemas/views/my_view.sql\` beside \`pipelines.yaml\`, unless \`schemas\` says
otherwise) makes the view \`my_view\`; one of the name of a packaged view takes its place. It begins with a comment that says what it answers and
which tables it reads; then comes one SELECT:

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

- \`Tables: a, b\` means that the view needs both; \`Tables: a | b\` that one is enough, and the other is empty while it is not there.
- \`Columns:\` and \`Caveats:\` may be left out. They are for people, and for \`schemas export --format dbt\`.
- Tables are named without a schema or dataset. A column of the report schema is there even where no document had it yet: it is NULL.
- Keep to what both warehouses understand, where you may change over: \`CAST(x AS STRING)\`, \`COALESCE\`, \`CASE\`, \`SUBSTR\`, window functions.
- \`sp-reports schemas check\` tells mistakes by file and line: another statement than a SELECT, columns and tables that are not there, the name of a
  table. The next commit makes the view anew where its SQL or its tables changed, and drops it when its file is gone.
- A view that can't be made holds up no load: the log and \`sp-reports tables --views\` tell why. Nor is a view or table of that name touched that somebody else made.

${views.map((view) => section(view, types)).join('\n')}`;
}

function section({ name, description, caveats, tables, columns }: View, types: Map<string, string>): string {
  const source = (table: string) => `\`${table}\` (${types.get(table) ?? 'no report schema'})`;
  const read = tables.map((group) => group.map((table) => source(table.name)).join(' or ')).join(', and ');
  return `## ${name}

${description}

Reads ${read}.

| column | |
|---|---|
${columns.map((column) => `| \`${column.name}\` | ${cell(column.description)} |`).join('\n')}

${caveats}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
