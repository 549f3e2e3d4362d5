import { posix } from 'node:path';
import type { SandboxCall } from '../../src/sandbox/amazon.js';
import type { QuotaState } from '../../src/source/selling-partner/quota.js';
import type { LedgerRow } from '../../src/warehouse/types.js';
import type { Finding } from '../../src/maintenance/verify-findings.js';
import { keyOf, type MadeReport } from './amazon.js';
import type { SimulatedProcess } from './process.js';
import type { SimulatedMessage } from './queue.js';
import { type MadeRow, type MadeType, madeTypes, returns } from './report-contents.js';
import { windowProblem } from './windows.js';
import type { World } from './world.js';

/** What a world may do to the program, as far as a promise depends on it. */
export interface Excuses {
  /** More calls than the quota allows are not the program's fault. */
  quota: boolean;
  /** Calls that are counted need not have reached Amazon. */
  unusedQuota: boolean;
  /** A document may look as if it had crashed the program. */
  crashes: boolean;
  /** Files may be damaged. */
  damage: boolean;
}

/** Calls of one machine that are counted, and have not arrived yet. */
const maxCallsOnTheWay = 5;

/** What a crash may leave: records that are not written yet, and files of no load yet. */
const afterCrash = /^record_|_orphaned$|_unhashed$/;

/** What the state folder and the temporary one may have, whatever happened before. */
const maxStateFiles = 60;
const maxStateBytes = 100_000;
const maxStateBytesOfSeller = 20_000;

/** A promise that was broken. */
export class Violation extends Error {}

/**
 * The model of what the program promises. It knows what Amazon made, and nothing of how the program
 * works: from the ledger's claim that a document is loaded follows which rows its table must have.
 */
export class Oracle {
  /** The ledger as it was when it was last checked. */
  private known = new Map<string, LedgerRow>();
  /** Amazon's buckets, by the names that the program gives them. */
  private readonly quota = new Map<string, { tokens: number; atMs: number }>();
  private quotaFile: { bytes?: Buffer; plan?: QuotaState } = {};

  constructor(
    private readonly world: World,
    private readonly excuses: Excuses,
  ) {}

  /** After every transaction: the ledger rows that changed, and the tables that they are about. */
  afterTransaction(): void {
    const { ledger } = this.world.database;
    const changed = [...ledger.values()].filter((row) => this.known.get(row.key) !== row);
    for (const [key, before] of this.known) {
      if (!ledger.has(key)) this.checkReplaced(before);
    }
    for (const row of changed) this.checkRow(row);
    const tables = new Set(
      changed.flatMap(({ sellerId, tables: filled }) => filled.map(({ name }) => `${sellerId} ${name}`)),
    );
    for (const each of tables) this.checkTable(...(each.split(' ') as [string, string]));
    this.known = new Map(ledger);
  }

  /** Before a message is deleted: nobody will announce the report again. */
  beforeDelete({ about }: SimulatedMessage): void {
    if (this.rowsAbout(about).length === 0) fail(`the message about ${about} was deleted before its commit`);
  }

  /** After every call: the quota is never exceeded, and none of it is lost. */
  afterCall(): void {
    const { amazon, loop, disk, hosts } = this.world;
    const { operation, sellerId = '', status } = amazon.state.calls.at(-1) as SandboxCall;
    const plan = amazon.plans[operation];
    if (this.excuses.quota || !plan) return;
    if (status === 429) fail(`Amazon refused a call of ${operation} above the quota of ${sellerId}`);
    const name = `client ${sellerId} ${operation}`;
    const { tokens, atMs } = this.quota.get(name) ?? { tokens: plan.burst, atMs: loop.nowMs };
    const refilled = tokens + ((loop.nowMs - atMs) / 1000) * plan.callsPerSecond;
    const left = Math.min(plan.burst, refilled) - 1;
    this.quota.set(name, { tokens: left, atMs: loop.nowMs });
    // With a high rate, much is refilled between the count of a call and its arrival.
    if (this.excuses.unusedQuota || plan.callsPerSecond > 1) return;
    const planned = this.quotaOf(disk.find('/data/state/quota.json')?.bytes)?.buckets[name]?.tokens;
    const isWasted = typeof planned === 'number' && planned < left - maxCallsOnTheWay * hosts.length;
    if (isWasted) fail(`of the quota of ${name}, ${left} calls are left, but the program counts ${planned}`);
  }

  /** The quota plan in a file; most calls find the same one again. */
  private quotaOf(bytes: Buffer | undefined): QuotaState | undefined {
    if (bytes !== this.quotaFile.bytes) {
      this.quotaFile = { bytes, plan: bytes && JSON.parse(bytes.toString()) };
    }
    return this.quotaFile.plan;
  }

  /** When a process ends by itself: it has closed what it opened. */
  afterEnd({ name, host, pid, openFiles, openRequests, openTimers }: SimulatedProcess): void {
    if (openFiles > 0) fail(`${name} ended with ${openFiles} open files`);
    if (openRequests > 0) fail(`${name} ended with ${openRequests} requests that nobody waits for`);
    if (openTimers.size > 0) fail(`${name} ended with ${openTimers.size} timers`);
    for (const [path, { bytes }] of this.world.disk.walk()) {
      const isLock = path.endsWith('.lock');
      const isOurs = isLock && isHeldBy(bytes?.toString() ?? '', host.name, pid);
      if (isOurs) fail(`${name} ended and still holds ${path}`);
    }
  }

  /** What has not arrived yet; undefined if everything that Amazon made has. */
  missing(): string | undefined {
    const { amazon, queue } = this.world;
    for (const made of amazon.reports.values()) {
      const [row] = this.rowsAbout(keyOf(made.report));
      // A sweep finds only reports with rows.
      const mustArrive = made.report.status === 'DONE' || made.announcedMs !== undefined;
      if (!row && mustArrive) return `${describe(made)} is not in the ledger`;
      if (row && row.status !== statusOf(made)) return `${describe(made)} is ${row.status}: ${row.reason}`;
    }
    const [left] = queue.messages.values();
    return left && `a message about ${left.about} is on the queue after ${left.receiveCount} receives`;
  }

  /** At the end, after a time without faults: everything has arrived, and nothing else is there. */
  atEnd(): void {
    const missing = this.missing();
    if (missing !== undefined) fail(missing);
    const problem = windowProblem(this.world);
    if (problem !== undefined) fail(problem);
    this.checkPurged();
    this.checkFolders();
    const { database, sellerIds } = this.world;
    for (const sellerId of sellerIds) {
      for (const { table } of madeTypes.values()) this.checkTable(sellerId, table);
    }
    for (const [name, documents] of database.tables) {
      for (const key of documents.keys()) {
        if (!database.ledger.has(key)) fail(`${name} has rows of ${key}, which is not in the ledger`);
      }
    }
  }

  /**
   * After `verify`: without damage, a crash may only have left out what is written after a commit,
   * and what is written before one. After a repair, nothing at all may be wrong.
   */
  afterVerify(output: string, code: number | undefined, isRepair: boolean): void {
    const findings = output
      .split('\n')
      .flatMap((line): Finding[] => (/^\{/.test(line) ? [JSON.parse(line)] : []));
    const wrong = findings.find(
      ({ kind, key, repair }) =>
        !afterCrash.test(kind) &&
        (isRepair ? !this.excuses.damage : repair !== 'unneeded') &&
        // Of what was purged, there may be no other copy.
        !(this.excuses.damage && this.world.database.ledger.get(key ?? '')?.rawPath === null),
    );
    if (wrong) fail(`verify found ${wrong.kind} of ${wrong.path ?? wrong.key}: ${wrong.found}`);
    if (code === undefined) fail('verify did not end within a day');
  }

  /** A ledger row must say what Amazon made, once. */
  private checkRow(row: LedgerRow): void {
    const made = this.world.amazon.reports.get(row.key) ?? this.madeBy(row);
    if (!made) fail(`the ledger has ${row.key}, which Amazon never made`);
    if (this.rowsAbout(keyOf(made.report)).length > 1) fail(`the ledger has ${describe(made)} twice`);
    const expected = statusOf(made);
    const isCrash = row.reasonCode === 'PROCESS_KILLED' && this.excuses.crashes;
    if (row.status === 'quarantined' && isCrash) return;
    if (row.status !== expected) fail(`${describe(made)} became ${row.status}: ${row.reason}`);
    const parsed = row.tables.reduce((sum, { rows }) => sum + rows, 0);
    if (expected === 'loaded' && parsed !== made.rows.length) {
      fail(`${describe(made)} has ${made.rows.length} rows, but the ledger says ${parsed}`);
    }
    if (row.rejects > 0) fail(`${describe(made)} has ${row.rejects} rejects`);
  }

  /** A row that is gone must have become one with the document's key. */
  private checkReplaced(row: LedgerRow): void {
    const made = this.madeBy(row);
    if (!made || !this.world.database.ledger.has(keyOf(made.report))) fail(`the ledger lost ${row.key}`);
  }

  /** Neither the state nor the temporary files grow with time. */
  private checkFolders(): void {
    const { disk, sellerIds } = this.world;
    const files = ['/data/state', '/tmp'].flatMap((folder) => [...disk.walk(folder)]);
    const kept = files.filter(([path]) => !path.includes('.damaged-'));
    const bytes = kept.reduce((sum, [, inode]) => sum + (inode.bytes?.length ?? 0), 0);
    const names = kept.map(([path]) => path).join(', ');
    if (kept.length > maxStateFiles) fail(`${kept.length} files are in the state or temporary: ${names}`);
    const maxBytes = maxStateBytes + sellerIds.length * maxStateBytesOfSeller;
    if (bytes > maxBytes) fail(`the state and temporary files have ${bytes} bytes`);
  }

  /** No file has personal data of a document whose data was removed. */
  private checkPurged(): void {
    const purged = [...this.world.amazon.reports.values()].filter(
      (made) => made.type === returns && this.isPurged(made),
    );
    const documents = new Set(purged.map(({ report }) => report.documentId));
    const comments = new Set(
      purged.flatMap(({ rows }) => rows.map(({ cells }) => cells['customer-comments'])),
    );
    for (const [path, { bytes }] of this.world.disk.walk('/data')) {
      if (path.startsWith('/data/raw/') && documents.has(posix.basename(path))) fail(`${path} was purged`);
      const found = bytes
        ?.toString('latin1')
        .match(/the comment \d+/g)
        ?.find((each) => comments.has(each));
      if (found !== undefined) fail(`${path} has "${found}", which was purged`);
    }
  }

  /** The rows of a seller in a table must be those that follow from the ledger. */
  private checkTable(sellerId: string, table: string): void {
    const type = [...madeTypes.values()].find((each) => each.table === table) as MadeType;
    const documents = [...this.world.amazon.reports.values()].filter(
      (made) => made.type === type && made.report.sellerId === sellerId && this.isLoaded(made),
    );
    const expected = rowsOf(type, documents, (made) => this.isPurged(made)).sort();
    const stored = [...(this.world.database.tables.get(table)?.values() ?? [])];
    const found = stored
      .filter(({ seller }) => seller === sellerId)
      .flatMap(({ rows }) => rows.map(({ text }) => text))
      .sort();
    if (found.length !== expected.length || found.some((text, index) => text !== expected[index])) {
      const extra = found.find((text) => !expected.includes(text));
      const missing = expected.find((text) => !found.includes(text));
      const numbers = `${found.length} rows instead of ${expected.length}`;
      fail(`${table} of ${sellerId} has ${numbers}; too many: ${extra}; missing: ${missing}`);
    }
  }

  private isLoaded({ report }: MadeReport): boolean {
    const status = this.world.database.ledger.get(keyOf(report))?.status;
    return status === 'loaded' || status === 'empty';
  }

  /** Whether the personal data of a document was removed: its raw bytes go with it. */
  private isPurged({ report }: MadeReport): boolean {
    const row = this.world.database.ledger.get(keyOf(report));
    return row?.status === 'loaded' && row.rawPath === null;
  }

  /** The ledger rows about a report: under the key of its document, and of itself. */
  private rowsAbout(key: string): LedgerRow[] {
    const { ledger } = this.world.database;
    const made = this.world.amazon.reports.get(key);
    const keys = new Set([key, ...(made ? [`${made.report.sellerId}/report/${made.report.reportId}`] : [])]);
    return [...keys].flatMap((each) => ledger.get(each) ?? []);
  }

  private madeBy({ sellerId, reportId }: LedgerRow): MadeReport | undefined {
    const report = this.world.amazon.state.reports.find(
      (each) => each.sellerId === sellerId && each.reportId === reportId,
    );
    return report && this.world.amazon.reports.get(keyOf(report));
  }
}

/** The rows that documents must leave in a table, in whatever order they came. */
function rowsOf(
  { mode }: MadeType,
  documents: MadeReport[],
  isPurged: (made: MadeReport) => boolean,
): string[] {
  const newestFirst = documents.toSorted((a, b) => (isNewer(a, b) ? -1 : 1));
  const taken = new Set<string>();
  return newestFirst.flatMap((made) => {
    const { report, rows } = made;
    const textOf = (row: MadeRow) => (isPurged(made) ? row.purgedText : row.text);
    if (mode === 'append') return rows.map(textOf);
    const keysOfRow = (key: string) => (mode === 'snapshot' ? report.marketplaceIds : [key]);
    const own = rows.filter(({ key }) => !keysOfRow(key).some((each) => taken.has(each)));
    for (const key of mode === 'snapshot' ? report.marketplaceIds : own.map((row) => row.key)) taken.add(key);
    return own.map(textOf);
  });
}

function isNewer({ report: a }: MadeReport, { report: b }: MadeReport): boolean {
  return a.createdAt > b.createdAt || (a.createdAt === b.createdAt && a.reportId > b.reportId);
}

function statusOf({ report, rows }: MadeReport): LedgerRow['status'] {
  if (report.status === 'CANCELLED') return 'cancelled';
  if (report.status === 'FATAL') return 'fatal';
  return rows.length > 0 ? 'loaded' : 'empty';
}

function describe({ report }: MadeReport): string {
  return `report ${report.reportId} of ${report.sellerId} (${report.reportType}, ${report.status})`;
}

/** Whether a lock names a process. */
function isHeldBy(text: string, host: string, pid: number): boolean {
  try {
    const holder = JSON.parse(text) as { host: string; pid: number };
    return holder.host === host && holder.pid === pid;
  } catch {
    return false;
  }
}

function fail(problem: string): never {
  throw new Violation(problem);
}
