import { columnTypeText } from './column-type.js';
import type { DocumentCheck } from './document-checks.js';
import { historyName } from './history.js';
import { defaultTableName } from './infer.js';
import { type FactText, requestFactTexts } from './request-facts-text.js';
import type { ColumnSchema, ReportSchema, TableSchema } from './types.js';

/**
 * Returns the page docs/report-types.md: an index by category, then what each report type is and
 * which columns its tables have.
 */
export function reportTypesPage(schemas: Iterable<ReportSchema>): string {
  const all = [...schemas].sort((a, b) => (a.reportType < b.reportType ? -1 : 1));
  const categories = [...new Set(all.map(categoryOf))].sort();
  return `# Report types

These ${all.length} report types have a schema. All others load too, with columns and types taken from each document.
\`sp-reports schemas show REPORT_TYPE\` shows a whole schema; [schemas.md](schemas.md) describes its keys.

Every table ends with the lineage columns, which this page omits.

For each type, the page says what is known about requesting it, with the source. What nobody states is left out. \`sp-reports config check\`
compares the requests of pipelines.yaml with these facts; [requests.md](requests.md) says how they are used.

## By category

${categories.map((category) => indexOf(category, all)).join('\n')}
${personalSection(all)}
${all.map(typeSection).join('\n')}`;
}

function categoryOf({ category }: ReportSchema): string {
  return category ?? 'other';
}

function indexOf(category: string, all: ReportSchema[]): string {
  const rows = all
    .filter((schema) => categoryOf(schema) === category)
    .map((schema) => {
      const { reportType, description } = schema;
      return `| [${reportType}](#${reportType.toLowerCase()}) | ${tableNames(schema).join(', ')} | ${cell(description)} |`;
    });
  return `### ${category}\n\n| report type | table | what it is |\n|---|---|---|\n${rows.join('\n')}\n`;
}

/** Lists the columns marked `pii`, and the restricted types, whose unknown columns count too. */
function personalSection(all: ReportSchema[]): string {
  const rows = all.flatMap(({ reportType, restricted, tables }) => {
    const marked = tables.flatMap(({ name, columns }) => {
      const names = columns.filter(({ pii }) => pii).map((column) => `\`${column.name}\``);
      return names.length > 0 ? `\`${name}\`: ${names.join(', ')}` : [];
    });
    const unknown = restricted ? ['all columns that the schema does not know'] : [];
    const texts = [...marked, ...unknown];
    return texts.length > 0 ? `| ${reportType} | ${texts.join('; ')} |` : [];
  });
  return `## Personal data

These columns contain personal data of buyers and are marked \`pii: true\` in the schemas. [personal-data.md](personal-data.md) says what the mark does.

| report type | columns |
|---|---|
${rows.join('\n')}
`;
}

function tableNames({ reportType, format, tables }: ReportSchema): string[] {
  if (format === 'raw') return [];
  return tables.length > 0
    ? tables.map(({ name }) => `\`${name}\``)
    : [`\`${defaultTableName(reportType)}\``];
}

function typeSection(schema: ReportSchema): string {
  const { reportType, description, format, request, restricted, tables } = schema;
  const lines = [
    `- Format: ${format}`,
    ...(request ? requestFactTexts(request).map(factLine) : []),
    `- Restricted: ${restricted ? 'yes, the document requires a restricted data token' : 'no'}`,
    ...(tables.length === 0 ? [withoutColumns(schema)] : []),
  ];
  return `## ${reportType}\n\n${description}\n\n${lines.join('\n')}\n${tables.map(tableSection).join('')}`;
}

/** A fact on requests, with a link to the page that states it. */
function factLine({ label, text, source }: FactText): string {
  const link = source?.startsWith('https://') ? ` ([source](${source}))` : source ? ` (${source})` : '';
  return `- ${label}: ${text}${link}`;
}

function withoutColumns({ reportType, format }: ReportSchema): string {
  return format === 'raw'
    ? '- Table: none; the document is kept as it is'
    : `- Table: \`${defaultTableName(reportType)}\`, append; its columns are not known and are taken from each document`;
}

function tableSection({ name, load, partitionBy, history, checks = [], columns }: TableSchema): string {
  const key = load.key.length > 0 ? ` by ${load.key.map((column) => `\`${column}\``).join(', ')}` : '';
  const partition = partitionBy ? ` Partitioned by \`${partitionBy}\`.` : '';
  const kept = history
    ? ` History by ${history === 'daily' ? 'days' : history} in \`${historyName(name)}\`.`
    : '';
  const checked = checks.map(checkSentence);
  const rows = columns.map(
    (column) =>
      `| \`${column.name}\` | ${columnTypeText(column.type)} | ${cell(column.from[0] ?? '')} | ${cell(whatItHolds(column))} |`,
  );
  return `
Table \`${name}\`, ${load.mode}${key}. ${load.why ?? ''}${partition}${kept}${checked.join('')}

| column | type | Amazon's name | contents |
|---|---|---|---|
${rows.join('\n')}
`;
}

function whatItHolds({ description = '', pii }: ColumnSchema): string {
  return `${pii ? 'Personal data. ' : ''}${description}`.trim();
}

/** Says what a check verifies at each load. */
function checkSentence({ name, sum, equals, per }: DocumentCheck): string {
  const names = (columns: string[]) => columns.map((column) => `\`${column}\``).join(', ');
  const where = per.length > 0 ? ` for each ${names(per)}` : '';
  return ` Check \`${name}\`: ${names(sum)} must add up to ${names([equals])}${where}.`;
}

/** Escapes text for a cell of a Markdown table. */
function cell(text: string): string {
  return text.replaceAll('\n', ' ').replace(/[|<\\]/g, '\\$&');
}
