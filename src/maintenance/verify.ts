import { join } from 'node:path';
import type { PipelineContext } from '../ingest/context.js';
import { ledgerPages } from '../warehouse/ledger/ledger-pages.js';
import type { LedgerRow } from '../warehouse/types.js';
import { openPace } from './pace.js';
import { withRebuildLock } from './rebuild.js';
import { checkDocument, pathsOf } from './verify-document.js';
import { type Finding, isWrong } from './verify-findings.js';
import { checkLeftovers } from './verify-leftovers.js';
import { type DocumentRepair, openRepairs } from './verify-repair.js';
import { checkTable, missingTable } from './verify-tables.js';
import { type WorkTables, withWorkTables } from './work-tables.js';

export interface VerifyOptions {
  /** Repairs what another copy allows. */
  repair: boolean;
  /** How many bytes of files are read in a second, at most. */
  bytesPerSecond: number;
  maxDocumentBytes: number;
  /** Ends the check with its reason. */
  signal: AbortSignal;
  onFinding(finding: Finding): void;
}

export interface VerifySummary {
  documents: number;
  tables: number;
  findings: number;
  repaired: number;
  /** Findings that somebody has to do something about. */
  wrong: number;
}

/**
 * Compares the ledger with the raw documents, the lake and the tables. The ledger is read in pages
 * and files one after the other, so that nothing is held for longer than a query; what looks wrong
 * is looked at once more with the ledger row of that moment, because loads may be in progress.
 * Nothing is deleted.
 * Errors: those of the warehouse, the stores and the machine; the reason of the signal.
 */
export async function verify(context: PipelineContext, options: VerifyOptions): Promise<VerifySummary> {
  const { warehouseFile, config } = context;
  const checkAll = () => withWorkTables(config.state, (tables) => check(context, options, tables));
  if (!options.repair) return checkAll();
  return withRebuildLock(warehouseFile?.path ?? join(config.state, 'lake'), checkAll);
}

async function check(
  context: PipelineContext,
  options: VerifyOptions,
  tables: WorkTables,
): Promise<VerifySummary> {
  const { warehouse, clock } = context;
  const { signal, onFinding } = options;
  const reading = { pace: openPace(options.bytesPerSecond, clock, signal), signal };
  const repairs = options.repair ? openRepairs(context, options) : undefined;
  const summary: VerifySummary = { documents: 0, tables: 0, findings: 0, repaired: 0, wrong: 0 };
  // Before the ledger: a file that is listed here and has no ledger row later was not just written.
  const files = await listFiles(context, tables);
  const filled = new Map<string, { name: string; rows: number }>();
  for await (const page of ledgerPages(warehouse, clock)) {
    const suspects: string[] = [];
    await files.claim(page);
    for (const row of page) {
      signal.throwIfAborted();
      countRows(row);
      summary.documents += 1;
      if ((await checkDocument(row, context, reading)).length > 0) suspects.push(row.key);
    }
    await lookAgain(suspects);
  }
  for await (const finding of checkLeftovers(await files.unclaimed(), context, signal)) report(finding);
  await checkTables();
  return summary;

  function report(finding: Finding): void {
    summary.findings += 1;
    if (finding.repair === 'done') summary.repaired += 1;
    if (isWrong(finding)) summary.wrong += 1;
    onFinding(finding);
  }

  function countRows(row: LedgerRow): void {
    for (const { name, rows, superseded = 0 } of row.tables) {
      const known = filled.get(name.toLowerCase()) ?? { name, rows: 0 };
      known.rows += rows - superseded;
      filled.set(name.toLowerCase(), known);
    }
  }

  async function lookAgain(keys: string[]): Promise<void> {
    for (const key of keys) {
      signal.throwIfAborted();
      const row = (await warehouse.seen([key])).get(key);
      if (!row) continue;
      const findings = await checkDocument(row, context, reading);
      if (!repairs || findings.length === 0) findings.forEach(report);
      else (await repairFiles(row, findings, repairs)).forEach(report);
    }
  }

  async function repairFiles(
    row: LedgerRow,
    findings: Finding[],
    { repairDocument }: DocumentRepair,
  ): Promise<Finding[]> {
    const failure = await repairDocument(row, findings);
    const now = (await warehouse.seen([row.key])).get(row.key) ?? row;
    await files.claim([now]);
    const left = new Set((await checkDocument(now, context, reading)).map(nameOf));
    return findings.map((finding) => outcomeOf(finding, left.has(nameOf(finding)), failure));
  }

  async function checkTables(): Promise<void> {
    // The ledger does not say which rows a history has.
    const tables = (await warehouse.tables()).filter(({ history }) => !history).map(({ name }) => name);
    for (const name of tables) {
      signal.throwIfAborted();
      filled.delete(name.toLowerCase());
      summary.tables += 1;
      const findings = await checkTable(name, context);
      if (!repairs || findings.length === 0) findings.forEach(report);
      else (await repairRows(name, findings, repairs)).forEach(report);
    }
    for (const { name, rows } of filled.values()) {
      if (rows <= 0) continue;
      const finding = missingTable(name, rows);
      if (repairs) (await repairRows(name, [finding], repairs)).forEach(report);
      else report(finding);
    }
  }

  async function repairRows(
    table: string,
    findings: Finding[],
    { repairRowsOf }: DocumentRepair,
  ): Promise<Finding[]> {
    const failures = new Map<Finding, string | undefined>();
    for (const finding of findings.filter(({ repair }) => repair === 'possible')) {
      signal.throwIfAborted();
      failures.set(finding, await repairRowsOf(table, finding.key));
    }
    const isThere = (await warehouse.tables()).some(({ name }) => name.toLowerCase() === table.toLowerCase());
    const left = new Set(isThere ? (await checkTable(table, context)).map(nameOf) : findings.map(nameOf));
    return findings.map((finding) => outcomeOf(finding, left.has(nameOf(finding)), failures.get(finding)));
  }
}

/** The files of the stores, and which of them ledger rows are about. */
async function listFiles(context: PipelineContext, tables: WorkTables) {
  await tables.run('CREATE TABLE claimed (path VARCHAR)');
  for (const name of ['raw', 'lake'] as const) {
    await tables.run(`CREATE TABLE ${name} (path VARCHAR)`);
    for await (const paths of context[name].pages()) {
      await tables.append(
        name,
        paths.map((path) => [path]),
      );
    }
  }
  const unclaimedIn = async (name: 'raw' | 'lake') => {
    await tables.run(
      `CREATE TABLE unclaimed_${name} AS SELECT path FROM ${name} ANTI JOIN claimed USING (path) ORDER BY path`,
    );
    return tables.pages<{ path: string }>(`unclaimed_${name}`);
  };
  return {
    claim: (rows: LedgerRow[]) =>
      tables.append(
        'claimed',
        rows.flatMap((row) => pathsOf(row, context).map((path) => [path])),
      ),
    unclaimed: async () => ({ raw: await unclaimedIn('raw'), lake: await unclaimedIn('lake') }),
  };
}

/** What makes a finding the same one when it is looked for again. */
function nameOf({ kind, path, key, table }: Finding): string {
  return JSON.stringify([kind, path, key, table]);
}

function outcomeOf(finding: Finding, isLeft: boolean, failure: string | undefined): Finding {
  if (!isLeft) return { ...finding, repair: 'done' };
  if (finding.repair !== 'possible') return finding;
  return { ...finding, repair: 'failed', found: failure ? `${finding.found}; ${failure}` : finding.found };
}
