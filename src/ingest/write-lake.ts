import type { Config } from '../config/spec.js';
import { lakePath } from '../parquet/lake-path.js';
import { openRejectsWriter } from '../parquet/rejects.js';
import { openColumnarWriter } from '../parquet/columnar/columnar-writer.js';
import { openReferenceWriter } from '../parquet/reference-writer.js';
import type { ParquetWriter } from '../parquet/types.js';
import { DocumentChecks } from '../parse/checks/document-checks.js';
import { EmptyMeasures } from '../parse/checks/empty-measures.js';
import type { DocumentStream } from '../parse/document-stream.js';
import type { ParsedTable } from '../parse/types.js';
import type { CheckResult } from '../schema/document-checks.js';
import type { DocumentMetadata } from '../source/types.js';
import type { Store } from '../store/types.js';
import { type LakeFile, type LoadTable, parquetPaths } from '../warehouse/types.js';
import { lakeName } from './lake-files.js';
import { faultPoint } from '../runtime/fault-point.js';

export interface WriteOptions {
  lake: Store;
  engine: Config['engine'];
  /** Stops uploads to a bucket with its reason. */
  signal?: AbortSignal;
  /**
   * Called with their number when all rows are written; if it throws, no file takes its final name.
   */
  onRowsWritten?: (rows: number) => void;
}

/** What a document became in the lake. */
export interface WrittenLake {
  tables: LoadTable[];
  /** Null if nothing was rejected. */
  rejectsPath: string | null;
  files: LakeFile[];
  rejects: number;
  /** Why rows were rejected, and how many of them; only if no row is left. */
  reasons: Map<string, number>;
  /** Totals stated in the document, compared with its rows. */
  checks: CheckResult[];
}

/**
 * Pulls the batches of a document into Parquet, one file per table and one for the rejects, row
 * group by row group. Files appear under their final names only when they are complete. After a
 * failure none is left, except in a bucket that has it already. Files of a bucket are there when
 * this returns, and on this machine until `evictLocalCopy`.
 * Errors: those of the batches, of the lake, and of writing files.
 */
export async function writeLake(
  stream: DocumentStream,
  metadata: DocumentMetadata,
  { lake, engine, signal, onRowsWritten = () => {} }: WriteOptions,
): Promise<WrittenLake> {
  const pathOf = (table: string) => lakePath(lake.folder, { table, ...metadata });
  const writers = new Map<string, ParquetWriter>();
  const rejectsPath = pathOf('_rejects');
  const rejects = openRejectsWriter(rejectsPath);
  const checks = new DocumentChecks(stream.tables);
  const measures = new EmptyMeasures(stream.tables);
  const rejected = new Map<string, number>();
  const reasons = new Map<string, number>();
  let rowsParsed = 0;
  try {
    for await (const { table, batch, rejects: found } of stream.batches) {
      faultPoint('rows-parsed');
      const writer = writers.get(table) ?? (await openWriter(tableNamed(stream, table)));
      writers.set(table, writer);
      checks.add(table, batch);
      measures.add(table, batch);
      await writer.write(batch);
      rowsParsed += batch.numRows;
      await rejects.add(table, found);
      if (found.length > 0) rejected.set(table, (rejected.get(table) ?? 0) + found.length);
      if (rowsParsed > 0) reasons.clear();
      else for (const { reason } of found) countReason(reason);
    }
    const { tables } = stream.finish();
    onRowsWritten(rowsParsed);
    const rows = new Map<string, number>();
    const files: LakeFile[] = [];
    for (const [table, writer] of writers) {
      const { rows: ofTable, ...digest } = await writer.finish();
      rows.set(table, ofTable);
      files.push({ path: lakeName(lake, pathOf(table)), ...digest });
    }
    const { count, digest } = await rejects.finish();
    if (digest) files.push({ path: lakeName(lake, rejectsPath), ...digest });
    faultPoint('parquet-written');
    const written = {
      tables: tables.map((table) => loadTable(table, rows.get(table.name) ?? 0, rejected.get(table.name))),
      rejectsPath: count > 0 ? rejectsPath : null,
    };
    for (const path of parquetPaths(written)) {
      await lake.keep(path, signal ? { signal } : {});
      faultPoint('parquet-kept');
    }
    return { ...written, files, rejects: count, reasons, checks: checks.results() };
  } catch (error) {
    await Promise.allSettled([...writers.values()].map((writer) => writer.abort()));
    await rejects.abort();
    for (const path of [...[...writers.keys()].map(pathOf), rejectsPath]) await lake.evictLocalCopy(path);
    throw error;
  }

  function countReason(reason: string): void {
    const maxReasons = 100;
    if (reasons.size < maxReasons || reasons.has(reason)) reasons.set(reason, (reasons.get(reason) ?? 0) + 1);
  }

  function openWriter(table: ParsedTable): Promise<ParquetWriter> {
    const open = engine === 'columnar' ? openColumnarWriter : openReferenceWriter;
    return open({
      path: pathOf(table.name),
      columns: table.columns,
      metadata: {
        seller_id: metadata.sellerId,
        document_id: metadata.documentId,
        report_id: metadata.reportId ?? '',
        report_type: metadata.reportType,
        engine,
      },
    });
  }

  function loadTable(table: ParsedTable, rows: number, rejects: number | undefined): LoadTable {
    return {
      name: table.name,
      mode: table.load.mode,
      key: table.load.key,
      partitionBy: table.partitionBy,
      columns: table.columns,
      parquetPath: rows > 0 ? pathOf(table.name) : null,
      rows,
      rejects,
      emptyMeasures: rows > 0 ? measures.of(table.name) : undefined,
      allMeasuresEmpty: (rows > 0 && measures.areAll(table.name)) || undefined,
    };
  }
}

function tableNamed({ tables }: DocumentStream, name: string): ParsedTable {
  const table = tables.find((each) => each.name === name);
  if (!table) throw new Error(`the parser yields rows of ${name}, a table it did not announce`);
  return table;
}
