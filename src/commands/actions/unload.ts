import type { Command } from 'commander';
import { defaultMaxDocumentBytes } from '../../config/default-limits.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { PipelineContext } from '../../ingest/context.js';
import { readLoadRecord } from '../../ingest/load-record.js';
import { unload } from '../../maintenance/unload.js';
import { listNames } from '../../text/list-names.js';
import { didYouMean } from '../../text/nearest-name.js';
import { pluralize } from '../../text/pluralize.js';
import { ledgerPages } from '../../warehouse/ledger/ledger-pages.js';
import { documentStatuses } from '../../warehouse/rules/other-documents.js';
import type { LedgerRow } from '../../warehouse/types.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, withContext } from '../setup/open-context.js';
import { untilStopped } from '../setup/stop-signals.js';

export interface UnloadFlags {
  seller?: string;
  yes?: boolean;
  json?: boolean;
}

/** Runs `sp-reports unload`. */
export async function unloadAction(
  documents: string[],
  flags: UnloadFlags,
  command: Command,
  io: Io,
): Promise<void> {
  const find = async (context: PipelineContext) =>
    (await Promise.all(documents.map((document) => rowsOfDocument(document, flags, context)))).flat();
  await takeAway({ title: 'unload', find }, flags, command, io);
}

/** Runs `sp-reports drop`. */
export async function dropAction(table: string, flags: UnloadFlags, command: Command, io: Io): Promise<void> {
  await takeAway(
    { title: 'drop', table, find: (context) => rowsOfTable(table, flags, context) },
    flags,
    command,
    io,
  );
}

interface Leaving {
  title: string;
  find(context: PipelineContext): Promise<LedgerRow[]>;
  /** A table to drop afterwards. */
  table?: string;
}

/** Asks before it takes anything away: between finding and doing, no progress bar is shown. */
async function takeAway(
  { title, table, find }: Leaving,
  flags: UnloadFlags,
  command: Command,
  io: Io,
): Promise<void> {
  const config = readWarehouseConfig(command, io);
  await untilStopped(io, async ({ abort }) => {
    const { rows, history } = await withContext(config, command, io, title, async (context) => ({
      rows: await find(context),
      history: table === undefined ? undefined : await historyNamed(table, context),
    }));
    const what = history
      ? `the history of ${history.of}`
      : `${pluralize(rows.length, 'document')} with ${tablesText(rows)}`;
    if (!flags.yes && !(await isWanted(what, history ? 'drop' : 'unload', io))) return;
    const { restored, stays } = await withContext(config, command, io, title, async (context) => {
      const options = { maxDocumentBytes: defaultMaxDocumentBytes, signal: abort };
      const restored = await unload(rows, context, options);
      const stays = table === undefined ? undefined : await context.warehouse.dropEmptyTable(table);
      return { restored, stays };
    });
    if (flags.json) {
      const keys = (all: LedgerRow[]) => all.map(({ key }) => key);
      io.stdout.write(
        `${JSON.stringify({ unloaded: keys(rows), restored: keys(restored), dropped: stays === undefined ? (table ?? null) : null, stays: stays ?? null })}\n`,
      );
      return;
    }
    const lines = history ? [] : [`Unloaded ${what}.`];
    if (restored.length > 0) lines.push(`Rows of ${pluralize(restored.length, 'older document')} came back.`);
    if (stays !== undefined) lines.push(`The table ${table} stays: ${stays}.`);
    else if (table !== undefined) lines.push(`Dropped the table ${table}.`);
    const [only, ...others] = rows;
    if (history) {
      lines.push(`To make it again from the documents: sp-reports reload ${history.of}`);
      io.stdout.write(`${lines.join('\n')}\n`);
      return;
    }
    const again = only && others.length === 0 ? (only.documentId ?? only.reportId) : '--status unloaded';
    lines.push(`To load ${others.length > 0 ? 'them' : 'it'} again: sp-reports reload ${again}`);
    io.stdout.write(`${lines.join('\n')}\n`);
  });
}

/** The rows by table, for example `3 rows in listings and 12 rows in orders`. */
function tablesText(rows: LedgerRow[]): string {
  const counts = new Map<string, number>();
  for (const { name, rows: count } of rows.flatMap(({ tables }) => tables))
    counts.set(name, (counts.get(name) ?? 0) + count);
  const maxTables = 10;
  const texts = [...counts].map(([name, count]) => `${pluralize(count, 'row')} for ${name}`);
  return texts.length > 0 ? listNames(texts, maxTables) : 'no rows';
}

async function isWanted(what: string, verb: 'unload' | 'drop', io: Io): Promise<boolean> {
  if (io.prompt) {
    const question = `${verb === 'drop' ? 'Drop' : 'Unload'} ${what}? [y/N] `;
    return /^y(es)?$/i.test((await io.prompt(question)).trim());
  }
  const done = verb === 'drop' ? 'dropped' : 'unloaded';
  io.stderr.write(`Nothing was ${done}. Add --yes to ${verb} ${what}.\n`);
  return false;
}

async function historyNamed(table: string, { warehouse }: PipelineContext) {
  return (await warehouse.tables()).find(({ name }) => name === table)?.history;
}

/** Errors: NOT_LOADED. */
async function rowsOfDocument(
  document: string,
  { seller }: UnloadFlags,
  { warehouse }: PipelineContext,
): Promise<LedgerRow[]> {
  const rows = await warehouse.loads({ documentOrTable: document, sellerId: seller, limit: 100 });
  const found = rows.filter(({ documentId, reportId }) => [documentId, reportId].includes(document));
  if (found.length > 0) return found;
  const next = rows.length > 0 ? '. It is a table; see `sp-reports drop`' : '';
  throw new ReportsError('NOT_LOADED', { thing: document, nearest: next });
}

/** Errors: NOT_LOADED for a table that no document of the ledger fills. */
async function rowsOfTable(
  table: string,
  { seller }: UnloadFlags,
  { warehouse, clock, lake }: PipelineContext,
): Promise<LedgerRow[]> {
  const rows: LedgerRow[] = [];
  const filter = { documentOrTable: table, sellerId: seller, statuses: [...documentStatuses] };
  for await (const page of ledgerPages(warehouse, clock, filter))
    rows.push(...page.filter(({ tables }) => tables.some(({ name }) => name === table)));
  // Those of an earlier attempt that did not finish: only their records still name their tables.
  const unfinished = { sellerId: seller, statuses: ['unloaded' as const] };
  for await (const page of ledgerPages(warehouse, clock, unfinished)) {
    for (const row of page) {
      const entry = (await readLoadRecord(lake, row))?.entry;
      if (entry && entry.status !== 'unloaded' && entry.tables.some(({ name }) => name === table))
        rows.push(row);
    }
  }
  const names = (await warehouse.tables()).map(({ name }) => name);
  if (rows.length > 0 || names.includes(table)) return rows;
  throw new ReportsError('NOT_LOADED', { thing: table, nearest: didYouMean(table, names) });
}
