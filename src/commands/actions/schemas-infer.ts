import { basename } from 'node:path';
import type { Command } from 'commander';
import { ReportsError } from '../../errors/reports-error.js';
import { formatOfDocument, parseDocument } from '../../parse/parse-document.js';
import { type ParseHint, readWithHints } from '../../parse/parse-hint.js';
import { profileDocument } from '../../parse/sample/profile.js';
import { KeySearch } from '../../parse/sample/row-keys.js';
import { type SampleSummary, schemaYaml } from '../../schema/infer.js';
import { checkSchemas, packagedSchemasFolder } from '../../schema/read.js';
import type { ExaminedDocument } from '../../source/types.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig } from '../setup/open-context.js';
import type { SampleOptions } from '../setup/sample-options.js';
import { withSample } from '../setup/sample.js';

/** Runs `sp-reports schemas infer`. */
export async function schemasInferAction(
  file: string,
  options: SampleOptions & { type?: string },
  command: Command,
  io: Io,
): Promise<void> {
  const reportType = options.type ?? /^[A-Z][A-Z0-9_]*/.exec(basename(file))?.[0];
  if (!reportType)
    throw new ReportsError('USAGE', {
      problem: `the report type of ${file} is unknown; name it with --type`,
    });
  const limits = readWarehouseConfig(command, io).documents;
  const sample = await withSample(io, file, { ...options, reportType, limits }, (document) =>
    summarizeSample(document, reportType),
  );
  if (sample.tables.length === 0)
    throw new ReportsError('USAGE', {
      problem: `${file}: the document has no tables to draft a schema from`,
    });
  // If the output goes into the schemas/ of a checkout, the shell has already made an empty file
  // there, which is no schema yet.
  const packaged = checkSchemas({ folders: [packagedSchemasFolder()] }).schemas.get(reportType);
  if (packaged?.tables.length) {
    const tables = packaged.tables.map(({ name }) => name).join(', ');
    io.stderr.write(
      `${reportType} already has a schema, with ${tables}. Yours replaces it, so keep the names and load modes that others rely on.\n`,
    );
  }
  io.stdout.write(schemaYaml(sample));
}

function summarizeSample(document: ExaminedDocument, reportType: string): Promise<SampleSummary> {
  return readWithHints((hint) => summarizeOnce(document, reportType, hint));
}

async function summarizeOnce(
  document: ExaminedDocument,
  reportType: string,
  hint: ParseHint | undefined,
): Promise<SampleSummary> {
  const format = await formatOfDocument(document);
  const parsed = await parseDocument({ document, engine: 'reference', hint });
  const searches = new Map<string, KeySearch>();
  const { tables } = await profileDocument(parsed, ({ name, columns }) => {
    const search = new KeySearch(columns);
    searches.set(name, search);
    return search;
  });
  const { delimiter, quoting } = parsed.dialect;
  return {
    reportType,
    format: format === 'delimited' || format === undefined ? (delimiter === '\t' ? 'tsv' : 'csv') : format,
    quoting: quoting && format !== 'xlsx' ? quoting : undefined,
    tables: tables.map(({ table, rows, columns }) => ({
      name: table.name,
      rowsPath: table.rowsPath,
      rows,
      columns: columns.map(({ column, filled }) => ({ ...column, filled })),
      keyCandidates: searches.get(table.name)?.candidates() ?? [],
      keyRows: searches.get(table.name)?.rows ?? 0,
    })),
  };
}
