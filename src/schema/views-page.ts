import type { ReportSchemas } from './types.js';
import type { View } from './views.js';

/** The reference page of the views that come with the program. */
export function viewsPage(views: View[], schemas: ReportSchemas): string {
  const types = new Map(
    [...schemas.values()].flatMap(({ reportType, tables }) => tables.map(({ name }) => [name, reportType])),
  );
  const index = views.map(({ name, description }) => `| [${name}](#${name}) | ${cell(description)} |`);
  return `# Views

SQL views on the tables of reports, for the questions that sellers have. In DuckDB and BigQuery alike, commits create a view as soon as the tables
that it reads exist; you do not have to switch anything on. \`sp-reports tables --views\` lists the views, and what they wait for.

| view | answers |
|---|---|
${index.join('\n')}

\`\`\`sql
-- The ten products with the highest profit after Amazon's fees, each in its currency.
SELECT currency, sku, SUM(units_sold) AS units, SUM(profit) AS profit
FROM profit_per_sku
WHERE sku IS NOT NULL
GROUP BY currency, sku
ORDER BY profit DESC
LIMIT 10
\`\`\`

The views are plain SELECTs in \`schemas/views/\` of the package. Read them to see how a figure is computed. If one does not fit your books, start
your own view from a copy.

## Your own views

A file \`views/my_view.sql\` in your folder of report schemas (\`schemas/views/my_view.sql\` beside \`pipelines.yaml\`, unless \`schemas\` says
otherwise) creates the view \`my_view\`. If a packaged view has the same name, yours replaces it. The file begins with a comment that says what the view
answers and which tables it reads. Then comes one SELECT:

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

- \`Tables: a, b\` means that the view needs both tables. \`Tables: a | b\` means that one is enough; the other is empty as long as it does not exist.
- \`Columns:\` and \`Caveats:\` are optional. They are for people, and for \`schemas export --format dbt\`.
- Name tables without a schema or dataset. A column of the report schema always exists: it is NULL if no document has had it yet.
- If you may move to the other warehouse, use only what both understand: \`CAST(x AS STRING)\`, \`COALESCE\`, \`CASE\`, \`SUBSTR\`, window functions.
- \`sp-reports schemas check\` reports mistakes by file and line: a statement other than a SELECT, columns and tables that do not exist, a view with the
  name of a table. The next commit creates the view again if its SQL or its tables have changed, and drops it if its file is gone.
- A view that cannot be created does not stop a load: the log and \`sp-reports tables --views\` say why. The program never touches a view or table of that
  name that somebody else created.

${views.map((view) => section(view, types)).join('\n')}`;
}

function section({ name, description, caveats, tables, columns }: View, types: Map<string, string>): string {
  const source = (table: string) => `\`${table}\` (${types.get(table) ?? 'no report schema'})`;
  const read = tables.map((group) => group.map((table) => source(table.name)).join(' or ')).join(', and ');
  return `## ${name}

${description}

Reads ${read}.

| column | what it holds |
|---|---|
${columns.map((column) => `| \`${column.name}\` | ${cell(column.description)} |`).join('\n')}

${caveats}
`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}
