import { join } from 'node:path';
import type { Command } from 'commander';
import { type SellerIds, sellersById } from '../../config/seller-ids.js';
import type { Config } from '../../config/spec.js';
import type { LedgerEntry } from '../../warehouse/types.js';
import { isVariable } from '../../config/substitute.js';
import { ReportsError } from '../../errors/reports-error.js';
import { didYouMean } from '../../text/nearest-name.js';
import type { PipelineContext, StopSignals } from '../../ingest/context.js';
import { findInputs, type LoadInput } from '../../ingest/load-inputs.js';
import type { FileMetadata } from '../../ingest/keep-input.js';
import { type LoadResult, loadFiles } from '../../ingest/load-file.js';
import { ownTables } from '../../ingest/own-tables/own-tables.js';
import { syncOwnTables } from '../../maintenance/own-tables.js';
import { openScratch, type Scratch } from '../../store/scratch.js';
import { pluralize } from '../../text/pluralize.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, withContext } from '../setup/open-context.js';
import type { SampleOptions } from '../setup/sample-options.js';
import { untilStopped } from '../setup/stop-signals.js';
import { visible } from '../output/visible-text.js';
import { somethingFailed } from '../output/summary.js';
import type { Outcome } from '../../ingest/work-summary.js';

export interface LoadOptions extends SampleOptions {
  type?: string;
  name?: string;
  newType?: boolean;
  seller?: string;
  compression?: 'GZIP';
  created?: string;
  maxDocumentBytes: number;
  json?: boolean;
}

/** Runs `sp-reports load`. */
export async function loadAction(
  files: string[],
  options: LoadOptions,
  own: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
  const config = readWarehouseConfig(own, io);
  const metadata = metadataFrom(options, config);
  // On a terminal, the progress bar would overwrite the output.
  const later: string[] = [];
  const print = (text: string) => void (io.stderr.isTTY ? later.push(text) : io.stdout.write(text));
  try {
    const outcomes = await untilStopped(io, (signals) =>
      withContext(config, own, io, 'load', async (context) => {
        checkType(options, context);
        checkSeller(options.seller, config, context);
        const { maxDocumentBytes, name: stdinName } = options;
        const own = await syncOwnTables(context, { maxDocumentBytes, signal: signals.abort });
        if (files.length === 0) return showOwnTables(own, config, options, print);
        return withScratch(config, (scratch) => {
          const { cwd, stdin } = io;
          const how = { cwd, stdin: stdin?.bind(io), stdinName, maxDocumentBytes, scratch };
          return loadAll(findInputs(files, how), metadata, { context, signals, options, print });
        });
      }),
    );
    if (somethingFailed({ outcomes })) exit(1);
  } finally {
    for (const text of later) io.stdout.write(text);
  }
}

/** Prints what became of the costs and exchange rates. Errors: USAGE if the settings have none. */
function showOwnTables(
  { loaded, hasLeft }: Awaited<ReturnType<typeof syncOwnTables>>,
  config: Config,
  { json }: LoadOptions,
  print: (text: string) => void,
): Partial<Record<Outcome, number>> {
  const tables = ownTables(config);
  if (tables.length === 0 && !hasLeft) {
    const problem =
      'name the documents to load; without one, costs and exchange rates are loaded, but the settings have neither (docs/guides/profit.md)';
    throw new ReportsError('USAGE', { problem });
  }
  for (const entry of loaded) {
    const source = tables.find(({ reportType }) => reportType === entry.reportType)?.source ?? '';
    const shown = { entry, before: undefined };
    print(json ? loadJson(source, entry.reportType, shown) : loadText(visible(source), shown));
  }
  if (loaded.length === 0 && !json) print('Costs and exchange rates are as the settings say.\n');
  return Object.fromEntries(loaded.map(({ status }) => [status, 1]));
}

/**
 * Calls `work` with a folder for copies, which is made when it is needed, and removed afterwards.
 */
async function withScratch<T>(
  { state }: Config,
  work: (scratch: () => Promise<string>) => Promise<T>,
): Promise<T> {
  let opened: Promise<Scratch> | undefined;
  try {
    return await work(async () => {
      opened ??= openScratch(join(state, 'scratch'));
      return (await opened).folder;
    });
  } finally {
    await (await opened)?.close();
  }
}

function metadataFrom(options: LoadOptions, config: Config): FileMetadata {
  const sellers = sellersWritten(config);
  const [onlySeller] = sellers.length === 1 ? sellers : [];
  return {
    reportType: options.type,
    sellerId:
      options.seller === undefined
        ? (onlySeller?.id ?? 'local')
        : (sellersById(sellers).get(options.seller) ?? options.seller),
    marketplaceIds: options.marketplace ?? [],
    contentType: options.contentType,
    compression: options.compression,
    reportCreatedAt: options.created,
  };
}

/**
 * Refuses a type that is probably misspelled: its rows would go to a table of their own.
 * Errors: USAGE.
 */
function checkType({ type, newType }: LoadOptions, { schemas }: PipelineContext): void {
  if (type === undefined) return;
  const hint = didYouMean(type, schemas.keys());
  if (!/^[A-Z][A-Z0-9_]*$/.test(type)) {
    const form = 'a report type is in capitals, such as GET_MERCHANT_LISTINGS_ALL_DATA';
    throw new ReportsError('USAGE', { problem: `--type ${type}: ${form}${hint}` });
  }
  if (!schemas.has(type) && hint && !newType) {
    const next = 'If it is a type of its own, add --new-type';
    throw new ReportsError('USAGE', { problem: `--type ${type}: no schema has this name${hint} ${next}` });
  }
}

/**
 * Warns if the settings do not have the seller; files of a seller that is not connected load too.
 * Errors: USAGE if the id is nearly one of theirs, because rows under a misspelled seller are hard
 * to find again.
 */
function checkSeller(id: string | undefined, config: Config, { log }: PipelineContext): void {
  const sellers = sellersWritten(config);
  const known = sellersById(sellers);
  if (id === undefined || sellers.length === 0 || known.has(id)) return;
  const hint = didYouMean(id, known.keys());
  if (hint) {
    const problem = `--seller ${id}: ${config.file} has no seller with that id${hint} If it is another seller, add it under \`sellers:\` first`;
    throw new ReportsError('USAGE', { problem });
  }
  const has = sellers.map((seller) => seller.id).join(', ');
  log.warn(
    { sellerId: id },
    `${config.file} has no seller ${id}, only ${has}; the rows are loaded for seller ${id}`,
  );
}

/**
 * Returns all sellers in the settings, including those without credentials; none if an id itself
 * comes from a variable that is unset.
 */
function sellersWritten({ sellers, unsetSellers }: Config): SellerIds[] {
  const all = [...sellers, ...unsetSellers];
  return all.some(({ id }) => isVariable(id)) ? [] : all;
}

async function loadAll(
  finding: Promise<LoadInput[]>,
  metadata: FileMetadata,
  {
    context,
    signals,
    options,
    print,
  }: {
    context: PipelineContext;
    signals: StopSignals;
    options: LoadOptions;
    print: (text: string) => void;
  },
): Promise<Partial<Record<Outcome, number>>> {
  const outcomes: Partial<Record<Outcome, number>> = {};
  const inputs = await finding;
  const { maxDocumentBytes } = options;
  let done = 0;
  try {
    for await (const loaded of loadFiles(inputs, metadata, context, { maxDocumentBytes, ...signals })) {
      const file = loaded.input.name;
      done += 1;
      const outcome = 'entry' in loaded ? loaded.entry.status : 'failed';
      outcomes[outcome] = (outcomes[outcome] ?? 0) + 1;
      print(
        options.json ? loadJson(file, metadata.reportType ?? null, loaded) : loadText(visible(file), loaded),
      );
    }
  } catch (error) {
    if (!signals.abort.aborted) throw error;
  } finally {
    if (!options.json && inputs.length > 1) print(totalsText(inputs.length, outcomes, done));
  }
  return outcomes;
}

function loadJson(file: string, given: string | null, loaded: LoadResult): string {
  if ('failure' in loaded) {
    const { code: reasonCode, message: reason } = loaded.failure;
    const nothing = {
      tables: [],
      rejects: 0,
      reason,
      reasonCode,
      notes: [],
      warnings: [],
      decisions: [],
      checks: [],
      documentId: null,
      marketplaceIds: [],
    };
    return `${JSON.stringify({ file, reportType: given, status: 'failed', ...nothing })}\n`;
  }
  const { reportType, status, tables, rejects, reasonCode, reason, notes, warnings, decisions, checks } =
    loaded.entry;
  const { documentId, marketplaceIds } = loaded.entry;
  return `${JSON.stringify({ file, reportType, status, tables, rejects, reason, reasonCode, notes, warnings, decisions, checks, documentId, marketplaceIds })}\n`;
}

function loadText(file: string, loaded: LoadResult): string {
  if ('failure' in loaded) return `${file}: failed: ${loaded.failure.message}\n`;
  const { status, tables, rejects, reason, notes, warnings, decisions } = loaded.entry;
  const isQuarantined = status === 'quarantined';
  const lines = [`${file}: ${status}: ${isQuarantined ? reason : rowsText(tables)}`, ...formerly(loaded)];
  const type = decisions.find(({ subject }) => subject === 'report_type');
  if (type) lines.push(`loaded as ${type.value}: ${type.reason}`);
  const marketplace = decisions.find(({ subject }) => subject === 'marketplace');
  if (marketplace) lines.push(`marketplace ${marketplace.value}: ${marketplace.reason}`);
  if (!isQuarantined) {
    lines.push(...warnings.map(({ message }) => `warning: ${message}`), ...notes.map(shortened));
    if (rejects > 0) lines.push(`${rejects} rejected, kept in _rejects with the raw text`);
  }
  return `${lines.join('\n  ')}\n`;
}

function rowsText(tables: LedgerEntry['tables']): string {
  const texts = tables.map(({ name, rows, superseded = 0 }) => {
    const older =
      superseded > 0 ? `, ${superseded === rows ? 'all' : superseded} superseded by a newer report` : '';
    return `${pluralize(rows, 'row')} into ${name}${older}`;
  });
  return texts.join(', ') || 'no rows';
}

/**
 * Says what happens to the rows that the same bytes had before. If the document is now loaded as
 * another type, its former rows are removed.
 */
function formerly({ entry, before }: { entry: LedgerEntry; before: LedgerEntry | undefined }): string[] {
  if (before?.status !== 'loaded') return [];
  const had = before.tables.map(({ name }) => name).join(', ');
  if (entry.status === 'quarantined')
    return [`its earlier rows, loaded as ${before.reportType}, stay in ${had}`];
  if (before.reportType === entry.reportType) return [];
  return [`it was loaded as ${before.reportType} before; those rows were removed from ${had}`];
}

/** Shortens a note for display; the ledger has the full text. */
function shortened(note: string): string {
  const maxLength = 160;
  return note.length > maxLength ? `${note.slice(0, maxLength - 1)}…` : note;
}

/** Returns a text such as `5 files: 2 loaded, 1 failed, 2 not done`. */
function totalsText(files: number, outcomes: Partial<Record<Outcome, number>>, done: number): string {
  const counts = Object.entries(outcomes).map(([outcome, number]) => `${number} ${outcome}`);
  if (done < files) counts.push(`${files - done} not done`);
  return `${pluralize(files, 'file')}: ${counts.join(', ')}\n`;
}
