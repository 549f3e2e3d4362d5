import type { Config } from '../config/spec.js';
import { lakePath } from '../parquet/lake-path.js';
import { openRejectsWriter } from '../parquet/rejects.js';
import { openColumnarWriter } from '../parquet/columnar/columnar-writer.js';
import { openReferenceWriter } from '../parquet/reference-writer.js';
import type { ParquetWriter } from '../parquet/types.js';
import { DocumentChecks } from '../parse/checks/document-checks.js';
import type { ParsedDocument, ParsedTable } from '../parse/types.js';
import type { CheckResult } from '../schema/document-checks.js';
import type { ExaminedDocument } from '../source/types.js';
import type { Store } from '../store/types.js';
import { type LakeFile, type LoadTable, parquetPaths } from '../warehouse/types.js';
import { lakeName } from './lake-files.js';
import { faultPoint } from '../runtime/fault-point.js';

export interface WriteOptions {
  lake: Store;
  engine: Config['engine'];
  /** Breaks off with its reason what is sent to a bucket. */
  signal?: AbortSignal;
  /** Called with their number when all rows are written; if it throws, no file takes its final name. */
  onRowsWritten?: (rows: number) => void;
}

/** What a document became in the lake. */
export interface WrittenLake {
  tables: LoadTable[];
  /** Null where nothing was rejected. */
  rejectsPath: string | null;
  files: LakeFile[];
  rejects: number;
  /** What the document says of itself, compared with its rows. */
  checks: CheckResult[];
}

/**
 * Pulls the batches of a parsed document into Parquet, one file per table and one for the rejects, row group by row group.
 * Files appear under their final names only when they are whole; on failure none stays that is not in a bucket already. A bucket's files are
 * there when this is done, and on this machine too until they are let go of.
 */
export async function writeLake(
  parsed: ParsedDocument,
  document: ExaminedDocument,
  { lake, engine, signal, onRowsWritten = () => {} }: WriteOptions,
): Promise<WrittenLake> {
  const { facts } = document.raw;
  const pathOf = (table: string) => lakePath(lake.folder, { table, ...facts });
  const writers = new Map<string, ParquetWriter>();
  const rejectsPath = pathOf('_rejects');
  const rejects = openRejectsWriter(rejectsPath);
  const checks = new DocumentChecks(parsed.tables);
  const rejected = new Map<string, number>();
  let rowsParsed = 0;
  try {
    for await (const { table, batch, rejects: found } of parsed.batches) {
      faultPoint('rows-parsed');
      const writer = writers.get(table) ?? (await openWriter(tableNamed(parsed, table)));
      writers.set(table, writer);
      checks.add(table, batch);
      await writer.write(batch);
      rowsParsed += batch.numRows;
      await rejects.add(table, found);
      if (found.length > 0) rejected.set(table, (rejected.get(table) ?? 0) + found.length);
    }
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
      tables: parsed.tables.map((table) =>
        loadTable(table, rows.get(table.name) ?? 0, rejected.get(table.name)),
      ),
      rejectsPath: count > 0 ? rejectsPath : null,
    };
    for (const path of parquetPaths(written)) {
      await lake.keep(path, signal ? { signal } : {});
      faultPoint('parquet-kept');
    }
    return { ...written, files, rejects: count, checks: checks.results() };
  } catch (error) {
    await Promise.allSettled([...writers.values()].map((writer) => writer.abort()));
    await rejects.abort();
    for (const path of [...[...writers.keys()].map(pathOf), rejectsPath]) await lake.evictLocalCopy(path);
    throw error;
  }

  function openWriter(table: ParsedTable): Promise<ParquetWriter> {
    const open = engine === 'columnar' ? openColumnarWriter : openReferenceWriter;
    return open({
      path: pathOf(table.name),
      columns: table.columns,
      metadata: {
        seller_id: facts.sellerId,
        document_id: facts.documentId,
        report_id: facts.reportId ?? '',
        report_type: facts.reportType,
        engine,
      },
    });
  }

  function loadTable(table: ParsedTable, rows: number, rejects: number | undefined): LoadTable {
    return {
      name: table.name,
      mode: table.load.mode,
      key: table.load.key,
      ...(table.partitionBy ? { partitionBy: table.partitionBy } : {}),
      columns: table.columns,
      parquetPath: rows > 0 ? pathOf(table.name) : null,
      rows,
      ...(rejects !== undefined && { rejects }),
    };
  }
}

function tableNamed(parsed: ParsedDocument, name: string): ParsedTable {
  const table = parsed.tables.find((each) => each.name === name);
  if (!table) throw new Error(`the parser yields rows of ${name}, a table it did not announce`);
  return table;
}
