import { join } from 'node:path';
import { warehouseName } from '../config/read.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { pluralize } from '../text/pluralize.js';
import type { LedgerRow, Warehouse } from '../warehouse/types.js';
import { type ComparedWarehouse, compareWarehouses, type TableComparison } from './compare-warehouses.js';
import { type CommitOptions, type CommitSummary, commitSources } from './rebuild-loads.js';
import { readSources, type RebuildSource } from './rebuild-reading.js';
import { withRebuildLock } from './rebuild.js';
import { findSources, type Sources } from './rebuild-sources.js';
import { withWorkTables } from './work-tables.js';

export interface RebuildIntoSummary extends CommitSummary {
  /** Documents that an earlier attempt committed. */
  alreadyThere: number;
  /** The tables of both warehouses afterwards. */
  tables: TableComparison[];
}

/** A warehouse whose documents are loaded again all the time is left to the next run. */
const maxPasses = 3;

/**
 * Loads all documents into another warehouse, from the load records of the lake and the raw
 * documents, as `rebuild` does, and then compares the tables of both. The warehouse of the settings
 * is only read, so that loads and queries go on. Documents that the other one has as they are are
 * left out: an attempt that was interrupted is continued by the next, which also loads what came
 * meanwhile. Each document keeps the time at which it was loaded. One that is loaded again while it
 * is copied is copied again. Purges wait, so that no data comes back that was removed.
 * Errors: WAREHOUSE_LOCKED during a purge or another rebuild; REBUILD_INCOMPLETE, with the other
 * warehouse unchanged; those of both warehouses.
 */
export async function rebuildInto(
  into: ComparedWarehouse & { warehouse: Warehouse },
  context: PipelineContext,
  options: CommitOptions,
): Promise<RebuildIntoSummary> {
  const { config, warehouse, warehouseFile } = context;
  const filled: RebuildIntoSummary = {
    fromLake: 0,
    fromRaw: 0,
    alreadyThere: 0,
    lost: [],
    failures: [],
    tables: [],
  };
  return withRebuildLock(warehouseFile?.path ?? join(config.state, 'lake'), async () => {
    for (let pass = 1; pass <= maxPasses; pass += 1) {
      const { alreadyThere, changed } = await fill(into.warehouse, context, filled, options);
      if (pass === 1) filled.alreadyThere = alreadyThere;
      if (changed === 0) break;
      context.log.info({ changed }, 'documents were loaded again while they were copied');
    }
    filled.tables = await compareWarehouses({ warehouse, type: config.warehouse.type }, into);
    return filled;
  });
}

interface Pass {
  /** Documents that the other warehouse had as they are. */
  alreadyThere: number;
  /** Documents that were loaded again while they were copied. */
  changed: number;
}

/** Copies what the other warehouse does not have. */
async function fill(
  into: Warehouse,
  context: PipelineContext,
  filled: RebuildIntoSummary,
  options: CommitOptions,
): Promise<Pass> {
  const { config, lake, raw, warehouse } = context;
  return withWorkTables(config.state, async (tables) => {
    const sources = await findSources(context, warehouse, tables);
    filled.failures = sources.failures;
    filled.lost = [];
    for await (const keys of sources.lost()) {
      const [first] = keys;
      if (first !== undefined && !options.acceptLoss) {
        throw new ReportsError('REBUILD_INCOMPLETE', {
          path: warehouseName(config),
          count: pluralize(sources.lostCount, 'document'),
          first,
          lake: lake.location,
          raw: raw.location,
        });
      }
      filled.lost.push(...keys);
    }
    const pass: Pass = { alreadyThere: 0, changed: 0 };
    const missing = missingSources(sources, warehouse, into, pass);
    const times = new Map<string, string>();
    await commitSources(
      countChanges(readSources(missing, warehouse, context), warehouse, times, pass),
      {
        commit: (loads) =>
          into.commit(loads.map((load) => ({ ...load, loadedAt: times.get(load.entry.key) }))),
      },
      filled,
      // Reading a document again looks at earlier ones.
      { ...context, warehouse: into },
      options,
    );
    return pass;
  });
}

/**
 * Passes groups on, with the times of their documents in `times`. When a group is committed, counts
 * the documents that were loaded again since their ledger rows were read: what was committed of
 * them may be older.
 */
async function* countChanges(
  groups: AsyncIterable<RebuildSource[]>,
  from: Pick<Warehouse, 'seen'>,
  times: Map<string, string>,
  pass: Pass,
): AsyncGenerator<RebuildSource[]> {
  for await (const group of groups) {
    times.clear();
    for (const { key, loadedAt } of group) if (loadedAt !== undefined) times.set(key, loadedAt);
    yield group;
    const rows = await from.seen(group.map(({ key }) => key));
    const loadedNow = (key: string) => (rows.get(key)?.key === key ? rows.get(key)?.loadedAt : undefined);
    pass.changed += group.filter(({ key, loadedAt }) => loadedNow(key) !== loadedAt).length;
  }
}

/** The sources of documents that a warehouse does not have, or has from before their last load. */
function missingSources(
  sources: Pick<Sources, 'count' | 'pages'>,
  from: Pick<Warehouse, 'seen'>,
  into: Pick<Warehouse, 'seen'>,
  pass: Pass,
): Pick<Sources, 'count' | 'pages'> {
  return {
    get count() {
      return sources.count - pass.alreadyThere;
    },
    async *pages() {
      for await (const page of sources.pages()) {
        const keys = page.map(({ key }) => key);
        const [loaded, there] = await Promise.all([from.seen(keys), into.seen(keys)]);
        const missing = page.filter(({ key }) => !isCurrent(there.get(key), loaded.get(key), key));
        pass.alreadyThere += page.length - missing.length;
        yield missing;
      }
    },
  };
}

function isCurrent(there: LedgerRow | undefined, loaded: LedgerRow | undefined, key: string): boolean {
  if (there?.key !== key || !loaded) return there?.key === key;
  // A document that could not be loaded then may be intact now.
  return there.status === loaded.status && there.loadedAt >= loaded.loadedAt;
}
