import { existsSync } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { listRaw } from '../source/document/raw-store.js';
import type { Load, Warehouse } from '../warehouse/types.js';
import { ledgerKey } from '../warehouse/types.js';
import type { PipelineContext } from './context.js';
import { prepareRaw } from './load-document.js';
import { readLoadRecords, writeLoadRecord } from './load-record.js';

export interface RebuildSummary {
  /** Loads committed again from the Parquet of the lake. */
  fromLake: number;
  /** Documents parsed again from raw. */
  fromRaw: number;
  /** Documents whose Parquet and raw bytes are both gone. */
  lost: string[];
}

/**
 * Makes the warehouse file anew beside the old one, from the load records of the lake and, where their Parquet is missing or there is no
 * record, from the raw documents; then puts it in the old one's place, which is kept as `<path>.before-rebuild`.
 * `open` opens a warehouse at a path.
 */
export async function rebuild(
  context: PipelineContext,
  open: (path: string) => Warehouse,
  options: { maxDocumentBytes: number },
): Promise<RebuildSummary> {
  const { path } = context.config.warehouse;
  const fresh = `${path}.rebuild`;
  await rm(fresh, { force: true });
  await rm(`${fresh}.wal`, { force: true });
  const warehouse = open(fresh);
  const summary: RebuildSummary = { fromLake: 0, fromRaw: 0, lost: [] };

  const records = new Map((await readLoadRecords(context.config.lake)).map((load) => [load.entry.key, load]));
  const broken = new Set(
    [...records.values()].filter((load) => !isWhole(load)).map((load) => load.entry.key),
  );
  for await (const raw of listRaw(context.config.raw)) {
    const key = ledgerKey(raw.facts);
    if (records.has(key) && !broken.has(key)) continue;
    const pipeline = records.get(key)?.entry.pipeline ?? null;
    const load = await prepareRaw(raw, { pipeline, maxDocumentBytes: options.maxDocumentBytes }, context);
    await writeLoadRecord(context.config.lake, load);
    records.set(key, load);
    broken.delete(key);
    summary.fromRaw += 1;
  }
  summary.lost = [...broken];
  const loads = (await readLoadRecords(context.config.lake)).filter((load) => !broken.has(load.entry.key));
  const together = 50;
  for (let start = 0; start < loads.length; start += together) {
    await warehouse.commit(loads.slice(start, start + together));
  }
  summary.fromLake = loads.length - summary.fromRaw;

  if (existsSync(path)) await rename(path, `${path}.before-rebuild`);
  await rm(`${path}.wal`, { force: true });
  if (existsSync(fresh)) await rename(fresh, path);
  return summary;
}

/** Whether all Parquet files of a load are still there. */
function isWhole(load: Load): boolean {
  const paths = [...load.tables.map((table) => table.parquetPath), load.rejectsPath];
  return paths.every((path) => path === null || existsSync(path));
}
