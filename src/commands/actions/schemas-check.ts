import { resolve } from 'node:path';
import type { Command } from 'commander';
import type { DocumentLimits } from '../../config/documents-spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import { checkSample, type SampleCheck } from '../../parse/sample/check-sample.js';
import { checkSchemaFile, checkSchemas } from '../../schema/read.js';
import { didYouMean } from '../../text/nearest-name.js';
import { tablesOf } from '../../schema/infer.js';
import { checkViews, type View } from '../../schema/views.js';
import type { ReportSchema, ReportSchemas } from '../../schema/types.js';
import { bindProblems } from '../../warehouse/duckdb/bind-views.js';
import { formatProblem, inOrder, type YamlProblem } from '../../yaml/read-yaml.js';
import { pluralize } from '../../text/pluralize.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, schemaFolders } from '../setup/open-context.js';
import type { SampleOptions } from '../setup/sample-options.js';
import { withSample } from '../setup/sample.js';
import { visible } from '../output/visible-text.js';

export interface CheckOptions extends SampleOptions {
  sample?: string;
  json?: boolean;
}

/** Runs `sp-reports schemas check`. */
export async function schemasCheckAction(
  file: string | undefined,
  options: CheckOptions,
  own: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  if (file === undefined) {
    if (options.sample) throw new ReportsError('USAGE', { problem: '--sample needs a schema file' });
    const folders = schemaFolders(own, io);
    const { schemas, problems: ofSchemas } = checkSchemas({ folders });
    const { views, problems: ofViews } = checkViews({ folders }, schemas);
    const problems = inOrder([...ofSchemas, ...ofViews, ...(await bindProblems(views))]);
    const notes = unknownTables(views, schemas);
    const counts = { schemas: schemas.size, views: views.length };
    if (options.json) io.stdout.write(`${JSON.stringify({ ...counts, problems, notes })}\n`);
    refuse(problems);
    if (options.json) return;
    io.stdout.write(
      `${pluralize(counts.schemas, 'report schema')}, ${pluralize(counts.views, 'view')}, no mistakes\n`,
    );
    for (const note of notes) io.stdout.write(`note: ${note}\n`);
    return;
  }
  const { schema, problems } = checkSchemaFile(resolve(io.cwd, file));
  if (options.json && (problems.length > 0 || !options.sample)) {
    io.stdout.write(`${JSON.stringify({ schemas: schema ? 1 : 0, problems })}\n`);
  }
  refuse(problems);
  if (!schema || !options.sample) {
    if (!options.json) io.stdout.write(`${file}: no mistakes\n`);
    return;
  }
  const limits = readWarehouseConfig(own, io).documents;
  const checked = await checkWith(schema, options.sample, { ...options, limits }, io);
  if (!checked.isWell) exit(1);
  io.stdout.write(
    options.json
      ? `${JSON.stringify({ schemas: 1, problems, sample: checked }, null, 2)}\n`
      : sampleText(file, options.sample, checked),
  );
}

/**
 * Returns a line for each table that a view reads and no report schema has. A view with a
 * misspelled table would wait forever.
 */
function unknownTables(views: View[], schemas: ReportSchemas): string[] {
  const known = tablesOf(schemas);
  return views.flatMap(({ file, tables }) =>
    tables
      .flat()
      .filter(({ name, view, facts }) => !view && !facts && !known.includes(name.toLowerCase()))
      .map(
        ({ name }) =>
          `${file}: no report schema has the table ${name}, so its columns were not checked${didYouMean(name, known)}`,
      ),
  );
}

function checkWith(
  schema: ReportSchema,
  sample: string,
  options: SampleOptions & { limits: DocumentLimits },
  io: Io,
): Promise<SampleCheck> {
  const { reportType } = schema;
  return withSample(io, sample, { ...options, reportType }, (document) => checkSample(document, schema));
}

function refuse(problems: YamlProblem[]): void {
  if (problems.length === 0) return;
  throw new ReportsError('SCHEMA_INVALID', {
    count: pluralize(problems.length, 'mistake'),
    problems: problems.map(formatProblem).join('\n'),
  });
}

function sampleText(
  file: string,
  sample: string,
  { tables, rejects, warnings, notes, isWell }: SampleCheck,
): string {
  const lines = [`${file}: no mistakes`];
  for (const each of tables) {
    lines.push(`${sample}: ${pluralize(each.rows, 'row')} for ${each.name}`);
    if (each.emptyColumns.length > 0)
      lines.push(`  columns without a value: ${each.emptyColumns.join(', ')}`);
    if (each.key) lines.push(`  ${keyText(each.key)}`);
    for (const reject of rejects.filter(({ table }) => table === each.name)) {
      const examples = reject.examples.map((example) => visible(JSON.stringify(example))).join(', ');
      lines.push(
        `  rejected, ${reject.column ?? 'whole rows'}: ${reject.count} ${reject.reason}, such as ${examples}`,
      );
    }
  }
  if (tables.length === 0) lines.push(`${sample}: no rows`);
  lines.push(...warnings.map(({ message }) => `  warning: ${visible(message)}`));
  // The notes list unknown and missing headers.
  lines.push(...notes.map((note) => `  ${visible(note)}`));
  lines.push(isWell ? 'The document fits the schema.' : 'The document does not fit the schema.');
  return `${lines.join('\n')}\n`;
}

function keyText({
  columns,
  doubledRows,
  examples,
}: NonNullable<SampleCheck['tables'][number]['key']>): string {
  const name = `key ${columns.join(', ')}`;
  if (doubledRows === 0) return `${name}: unique for every row`;
  const shown = examples.map((values) => values.map((value) => visible(value ?? '')).join(', '));
  return `${name}: ${pluralize(doubledRows, 'row')} with the same values as an earlier row, such as ${shown.join('; ')}`;
}
