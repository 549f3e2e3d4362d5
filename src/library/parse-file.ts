import { basename, resolve } from 'node:path';
import { type RecordBatch, Table } from 'apache-arrow';
import { defaultMaxDocumentBytes } from '../config/default-limits.js';
import { chooseType } from '../ingest/choose-type.js';
import { parseDocument } from '../parse/parse-document.js';
import { readWithHints } from '../parse/parse-hint.js';
import type { Reject } from '../parse/types.js';
import { type Findings, joinFindings } from '../schema/findings.js';
import { packagedSchemasFolder, readSchemas } from '../schema/read.js';
import type { ReportSchemas, ResolvedColumn } from '../schema/types.js';
import type { ExaminedDocument } from '../source/types.js';
import { type FileFacts, withDocument } from './with-document.js';

/** A document as tables in memory. */
export interface ParsedFile extends Required<Findings> {
  reportType: string;
  tables: ArrowTable[];
}

export interface ArrowTable {
  name: string;
  columns: ResolvedColumn[];
  /**
   * The rows, with `_row`, the number of each in the document, as last column. Decimals are of
   * Arrow's Decimal type, times are in UTC.
   */
  rows: Table;
  /** Values that do not fit their column, which are NULL in `rows`, and whole rows. */
  rejects: Reject[];
}

export interface ParseFileOptions extends Partial<FileFacts> {
  /** By default, the packaged report schemas. */
  schemas?: ReportSchemas;
}

/**
 * Parses a document from disk by its report schema, as `sp-reports load` does, without loading it.
 * Without `reportType`, the file name or the headers decide. All rows are in memory at the end.
 * Errors: FILE_UNREADABLE, TYPE_UNDECIDED, and those of parsing, such as HEADER_UNKNOWN.
 */
export async function parseFile(path: string, options: ParseFileOptions = {}): Promise<ParsedFile> {
  const { schemas = readSchemas({ folders: [packagedSchemasFolder()] }), contentType } = options;
  const name = basename(path);
  const input = { key: path, name, describedBy: [name] };
  const limits = { maxTextBytes: defaultMaxDocumentBytes, contentType };
  const reportType = options.reportType ?? (await chooseType(input, path, schemas, limits)).value;
  return withDocument(resolve(path), { ...options, reportType }, async (document) => ({
    reportType,
    ...(await parseWhole(document, reportType, schemas)),
  }));
}

function parseWhole(document: ExaminedDocument, reportType: string, schemas: ReportSchemas) {
  return readWithHints(async (hint) => {
    const schema = schemas.get(reportType);
    // Its batches do not share memory with each other, unlike those of the columnar engine.
    const stream = await parseDocument({ document, schema, schemas, engine: 'reference', hint });
    const batches = new Map<string, { batches: RecordBatch[]; rejects: Reject[] }>();
    for await (const { table, batch, rejects } of stream.batches) {
      const found = batches.get(table) ?? { batches: [], rejects: [] };
      batches.set(table, found);
      if (batch.numRows > 0) found.batches.push(batch);
      found.rejects.push(...rejects);
    }
    const { tables, ...findings } = stream.finish();
    return {
      ...joinFindings(document, findings),
      tables: tables.map(({ name, columns }): ArrowTable => {
        const { batches: found = [], rejects = [] } = batches.get(name) ?? {};
        return { name, columns, rows: new Table(found), rejects };
      }),
    };
  });
}
