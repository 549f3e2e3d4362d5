import { createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type EndlessDocument, makeEndless, streamDocument } from './document.js';
import { type Measured, measureScript } from './measure.js';

export interface ScaleRow {
  textMegabytes: number;
  columnar: Measured;
  /** Null if DuckDB was not measured, because it needs the document as a file. */
  duckdbCopy: Measured | null;
}

const sizesMegabytes = [1, 10, 100, 1000, 10_000];
const maxMegabytesForDuckDb = 1000;

/**
 * Measures time and peak memory of one conversion to Parquet as the document grows, each in a
 * separate process. The document is a stream and never on disk, except for DuckDB. The output is
 * removed.
 */
export async function measureScale(reportType: string, seed: number): Promise<ScaleRow[]> {
  const document = makeEndless({ reportType, seed });
  const rows: ScaleRow[] = [];
  for (const textMegabytes of sizesMegabytes) {
    const columnar = await convert(document, reportType, textMegabytes);
    const duckdbCopy =
      textMegabytes <= maxMegabytesForDuckDb ? await copyByDuckDb(document, reportType, textMegabytes) : null;
    rows.push({ textMegabytes, columnar, duckdbCopy });
    process.stderr.write(`${textMegabytes} MB measured\n`);
  }
  return rows;
}

export function scaleTable(rows: ScaleRow[]): string {
  const cells = (measured: Measured | null) =>
    measured ? `${measured.seconds.toFixed(2)} | ${measured.peakMegabytes.toFixed(0)}` : '| ';
  const lines = rows.map(
    ({ textMegabytes, columnar, duckdbCopy }) =>
      `| ${textMegabytes} | ${cells(columnar)} | ${(textMegabytes / columnar.seconds).toFixed(0)} | ${cells(duckdbCopy)} |`,
  );
  return (
    '| MB of text | columnar, seconds | peak MB | MB/s | DuckDB COPY, seconds | peak MB |\n' +
    `|---|---|---|---|---|---|\n${lines.join('\n')}\n`
  );
}

function convert(document: EndlessDocument, reportType: string, textMegabytes: number): Promise<Measured> {
  return inFolder((lake) => {
    return measureScript(
      'convert-stream.mjs',
      [reportType, lake],
      streamDocument(document, textMegabytes * 1e6),
    );
  });
}

function copyByDuckDb(
  document: EndlessDocument,
  reportType: string,
  textMegabytes: number,
): Promise<Measured> {
  return inFolder(async (folder) => {
    const path = join(folder, 'document.gz');
    await pipeline(streamDocument(document, textMegabytes * 1e6), createWriteStream(path));
    const header = document.beginning.toString().trimEnd().split('\t');
    const input = JSON.stringify({ reportType, path, header, folder });
    return measureScript('run-one.mjs', ['duckdb-copy', input, 'once']);
  });
}

async function inFolder<T>(work: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'sp-reports-scale-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
