import { isDeepStrictEqual } from 'node:util';
import { Random } from '../../../src/sandbox/random.js';
import type { LedgerRow } from '../../../src/warehouse/types.js';
import type { DatabaseState, StoredDocument } from '../memory-warehouse/database.js';
import { rowText } from '../memory-warehouse/row-text.js';
import type { SimulatedProcess } from '../process.js';
import { madeTypes } from '../report-contents.js';
import type { World } from '../world.js';
import { onKill } from './place-tools.js';

/** A warehouse outside of the simulated world, reached by the real code for it. */
export interface Place {
  /** The settings of the warehouse in `pipelines.yaml`. */
  settings: object;
  /** The variables that the settings name. */
  env?: Record<string, string>;
  /** What a process uses in place of the real modules. */
  modules(process: SimulatedProcess): Record<string, unknown>;
  /**
   * Whether its transactions may wait for those of other processes while it is read: time goes on
   * then, otherwise it stands still.
   */
  isShared?: boolean;
  /** Reads everything at one time, as a process that starts now finds it. */
  read(): Promise<Contents>;
  close(): Promise<void>;
}

export interface Contents {
  ledger: LedgerRow[];
  /** By table. */
  rows: Map<string, Record<string, unknown>[]>;
}

/** What a simulated process calls around the calls of its warehouse. */
export interface WatchedLink {
  /** Ledger rows that the program found: someone may have been killed after writing them. */
  seen(keys: string[]): Promise<void>;
  begin(): Change;
  /** The program says that something was changed. */
  changed(): Promise<void>;
}

/** One transaction of a process. */
export interface Change {
  /** `apply` does the same with a warehouse in memory. */
  committed(leftOut: string[], apply: (state: DatabaseState) => Promise<string[]>): Promise<void>;
  end(): void;
}

/** How much was compared. */
export interface Counts {
  /** Transactions whose whole warehouse was compared with the model. */
  comparisons: number;
  rows: number;
  /** Those that were also compared with the warehouse in memory. */
  twins: number;
  kills: number;
}

export interface RealWarehouseOptions {
  place: Place;
  seed: number;
  counts: Counts;
  /** How often a process is killed in the midst of a commit. */
  killChance: number;
  /** Nobody is killed later. */
  killsUntilMs: number;
}

/** Calls that a commit makes, so that a kill hits any of them, or comes soon after. */
const maxCallsOfCommit = 70;

/** Reads the real warehouse after each change into the state that the oracle knows. */
export class RealWarehouse {
  readonly settings: object;
  readonly env: Record<string, string>;
  private readonly open = new Set<{ process: SimulatedProcess }>();
  private begun = 0;
  /** Whether a process was killed in a transaction, so that nobody knows what the place has. */
  private isStale = false;
  private reads: Promise<void> = Promise.resolve();
  private readonly random: Random;

  constructor(
    private readonly world: World,
    private readonly options: RealWarehouseOptions,
  ) {
    this.settings = options.place.settings;
    this.env = options.place.env ?? {};
    this.random = new Random(Math.imul(options.seed, 0x51ed270b));
  }

  modules(process: SimulatedProcess): Record<string, unknown> {
    return this.options.place.modules(process);
  }

  close(): Promise<void> {
    return this.options.place.close();
  }

  /** Reads the warehouse, one read after the other, and has the oracle compare it. */
  refresh(): Promise<void> {
    this.reads = this.reads.then(() => this.readOnce());
    return this.reads;
  }

  private async readOnce(): Promise<void> {
    const { world, options } = this;
    const { place, counts } = options;
    this.isStale = false;
    const contents = await this.outside(place.read());
    Object.assign(world.database, stateOf(contents));
    counts.comparisons += 1;
    for (const rows of contents.rows.values()) counts.rows += rows.length;
    world.onDatabaseChanged();
  }

  private outside<T>(work: Promise<T>): Promise<T> {
    const { loop } = this.world;
    return this.options.place.isShared ? work.finally(loop.pace()) : loop.hold(work);
  }

  link(process: SimulatedProcess): WatchedLink {
    const { world } = this;
    onKill(process, () => {
      // What it had begun may be there or not, and is in nobody's way.
      for (const each of this.open) {
        if (each.process !== process) continue;
        this.open.delete(each);
        this.isStale = true;
        this.begun += 1;
      }
    });
    return {
      seen: async (keys) => {
        if (keys.some((key) => !isKnown(world.database, key))) await this.refresh();
      },
      changed: () => this.refresh(),
      begin: () => {
        this.killLater(process);
        const isAlone = this.open.size === 0 && !this.isStale;
        const own = { process };
        this.open.add(own);
        this.begun += 1;
        const number = this.begun;
        let isRead = false;
        const before = structuredClone({ ledger: world.database.ledger, tables: world.database.tables });
        return {
          committed: async (leftOut, apply) => {
            await this.refresh();
            isRead = true;
            if (!isAlone || number !== this.begun) return;
            await this.compareTwin({ ...before, rejects: new Map() }, leftOut, apply);
          },
          end: () => {
            this.open.delete(own);
            // Its error does not say whether the change was made.
            if (!isRead) this.isStale = true;
          },
        };
      },
    };
  }

  /** A warehouse in memory must come to the same state. */
  private async compareTwin(
    twin: DatabaseState,
    leftOut: string[],
    apply: (state: DatabaseState) => Promise<string[]>,
  ): Promise<void> {
    const { world, options } = this;
    const twinLeftOut = await apply(twin);
    options.counts.twins += 1;
    const found = comparable(world.database, leftOut);
    const expected = comparable(twin, twinLeftOut);
    for (const name of Object.keys(expected).concat(Object.keys(found))) {
      if (isDeepStrictEqual(found[name], expected[name])) continue;
      world.onDisagreement(`${name}: ${difference(found[name], expected[name])}`);
      return;
    }
  }

  private killLater(process: SimulatedProcess): void {
    const { killChance, killsUntilMs, counts } = this.options;
    const isKilled = this.random.chance(killChance);
    const call = this.random.integer(1, maxCallsOfCommit);
    if (!isKilled || this.world.loop.nowMs > killsUntilMs) return;
    counts.kills += 1;
    process.killAtCall = Math.min(process.killAtCall, process.calls + call);
  }
}

function isKnown({ ledger }: DatabaseState, key: string): boolean {
  if (ledger.has(key)) return true;
  return [...ledger.values()].some(({ sellerId, reportId }) => key === `${sellerId}/report/${reportId}`);
}

function stateOf({ ledger, rows }: Contents): DatabaseState {
  const tables = new Map<string, Map<string, StoredDocument>>();
  for (const [name, found] of rows) {
    const type = [...madeTypes.values()].find(({ table }) => table === name);
    const keyNames = type?.keyNames ?? [];
    const documents = new Map<string, StoredDocument>();
    for (const row of found) {
      const seller = String(row._seller_id);
      const document = String(row._document_id);
      const texts = Object.fromEntries(Object.entries(row).map(([column, value]) => [column, textOf(value)]));
      const stored = documents.get(`${seller}/${document}`) ?? {
        seller,
        document,
        marketplaces: marketplacesOf(row._marketplace_ids),
        rows: [],
      };
      documents.set(`${seller}/${document}`, stored);
      stored.rows.push({
        key: JSON.stringify(keyNames.map((column) => texts[column] ?? null)),
        text: rowText(texts),
      });
    }
    tables.set(name, documents);
  }
  return { ledger: new Map(ledger.map((row) => [row.key, row])), tables, rejects: new Map() };
}

function marketplacesOf(value: unknown): string[] {
  if (typeof value === 'string' && value.startsWith('[')) return JSON.parse(value) as string[];
  if (typeof value === 'string') return value.split(',');
  return (value as string[] | null) ?? [];
}

/** A value as the model writes it, whatever text the warehouse has for numbers and times. */
function textOf(value: unknown): string | undefined {
  if (value === null || value === undefined) return undefined;
  const text = String(value);
  if (/^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d/.test(text)) {
    return new Date(`${text.replace(' ', 'T').replace(/(Z|[+]00(:00)?)$/, '')}Z`).toISOString();
  }
  return /^-?\d+\.\d+$/.test(text) ? String(Number(text)) : text;
}

/** What two warehouses must have in common: not when each of them wrote a row. */
function comparable({ ledger, tables }: DatabaseState, leftOut: string[]): Record<string, unknown> {
  const parts: [string, unknown][] = [['left out', [...leftOut].sort()]];
  for (const [key, { loadedAt: _, ...row }] of ledger) {
    parts.push([`the ledger row ${key}`, JSON.parse(JSON.stringify(row))]);
  }
  for (const [name, documents] of tables) {
    for (const [key, { rows }] of documents) {
      if (rows.length > 0) parts.push([`${name} of ${key}`, rows.map(({ text }) => text).sort()]);
    }
  }
  return Object.fromEntries(parts);
}

/** The members of two objects that differ. */
function difference(found: unknown, expected: unknown): string {
  const isObject = (each: unknown) => typeof each === 'object' && each !== null;
  if (!isObject(found) || !isObject(expected)) {
    return `the warehouse has ${JSON.stringify(found)}, the one in memory ${JSON.stringify(expected)}`;
  }
  const [a, b] = [found, expected] as [Record<string, unknown>, Record<string, unknown>];
  const names = Object.keys({ ...a, ...b }).filter((name) => !isDeepStrictEqual(a[name], b[name]));
  return names.map((name) => `${name}: ${difference(a[name], b[name])}`).join('; ');
}
