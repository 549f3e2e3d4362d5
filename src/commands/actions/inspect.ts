import { readFile } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { Command } from 'commander';
import type { Config } from '../../config/spec.js';
import { pluralize } from '../../text/pluralize.js';
import { withTempFolder } from '../../files/temp-folder.js';
import { ReportsError } from '../../errors/reports-error.js';
import { findDamage } from '../../files/file-digest.js';
import { inspectParquet, type ParquetMetadata } from '../../parquet/inspect-parquet.js';
import { recordedFile } from '../../ingest/load-record.js';
import type { LakeFile } from '../../warehouse/types.js';
import { type BucketUrl, bucketUrlText, isMeantForBucket, readBucketUrl } from '../../store/bucket-url.js';
import { openBucket } from '../../store/open-store.js';
import { type Io, resultWidth } from '../setup/io.js';
import { readWarehouseConfig } from '../setup/open-context.js';
import { textTable } from '../output/text-table.js';

/** Runs `sp-reports inspect`. */
export async function inspectAction(
  file: string,
  options: { json?: boolean },
  command: Command,
  io: Io,
): Promise<void> {
  const url = readBucketUrl(file);
  if (!url && isMeantForBucket(file)) {
    const problem = `inspect ${file}: expected an object such as gs://bucket/name or s3://bucket/name, or a path`;
    throw new ReportsError('USAGE', { problem });
  }
  const found = await (url
    ? inspectObject(url, readWarehouseConfig(command, io))
    : inspectFile(resolve(io.cwd, file)));
  if (options.json) {
    io.stdout.write(`${JSON.stringify(found, null, 2)}\n`);
    return;
  }
  const { rows, rowGroups, bytes, createdBy, metadata, columns, sample } = found;
  const names = columns.map((column) => column.name);
  const fitting = { width: resultWidth(io), wrap: true };
  io.stdout.write(
    `${file}: ${pluralize(rows, 'row')} in ${pluralize(rowGroups, 'row group')}, ${pluralize(bytes, 'byte')}, written by ${createdBy}\n`,
  );
  for (const [key, value] of Object.entries(metadata)) io.stdout.write(`  ${key}: ${value}\n`);
  const listed = columns.map((column) => [
    column.name,
    column.physicalType,
    column.logicalType,
    column.nullable ? 'yes' : 'no',
  ]);
  io.stdout.write(`\n${textTable(['column', 'stored as', 'type', 'nullable'], listed, fitting)}`);
  const rowCells = sample.map((row) => names.map((name) => row[name]));
  io.stdout.write(`\nFirst rows\n${textTable(names, rowCells, fitting)}`);
}

async function inspectFile(path: string): Promise<ParquetMetadata> {
  const recorded = await recordedFile(path, (record) => readFile(record, 'utf8').catch(() => undefined));
  return inspectIntact(path, path, recorded);
}

async function inspectObject(url: BucketUrl, config: Config): Promise<ParquetMetadata> {
  return withTempFolder(async (folder) => {
    const path = join(folder, 'object.parquet');
    const bucket = openBucket(url, config);
    if (!(await bucket.get(url.beginning, path))) {
      const found = 'the object does not exist';
      throw new ReportsError('FILE_UNREADABLE', { path: bucketUrlText(url), found });
    }
    const recorded = await recordedFile(url.beginning, (record) => bucket.read(record.split(sep).join('/')));
    return inspectIntact(path, bucketUrlText(url), recorded);
  });
}

/**
 * Reads a Parquet file unless it is damaged, because DuckDB would read wrong values from it.
 * Errors: PARQUET_DAMAGED, FILE_UNREADABLE.
 */
async function inspectIntact(
  path: string,
  name: string,
  recorded: LakeFile | undefined,
): Promise<ParquetMetadata> {
  const damage = recorded && (await findDamage(path, recorded));
  if (damage) throw new ReportsError('PARQUET_DAMAGED', { path: name, found: damage });
  return inspectParquet(path);
}
