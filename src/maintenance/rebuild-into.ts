import { join } from 'node:path';
import { warehouseName } from '../config/read.js';
import { ReportsError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { pluralize } from '../text/pluralize.js';
import type { LedgerRow, Warehouse } from '../warehouse/types.js';
import { type ComparedWarehouse, compareWarehouses, type TableComparison } from './compare-warehouses.js';
import { type CommitOptions, type CommitSummary, commitSources } from './rebuild-loads.js';
import { readSources } from './rebuild-reading.js';
import { withRebuildLock } from './rebuild.js';
import { findSources, type Sources } from './rebuild-sources.js';
import { withWorkTables } from './work-tables.js';

export interface RebuildIntoSummary extends CommitSummary {
  /** Documents that an earlier attempt committed. */
  alreadyThere: number;
  /** The tables of both warehouses afterwards. */
  tables: TableComparison[];
}

/**
 * Loads all documents into another warehouse, from the load records of the lake and the raw
 * documents, as `rebuild` does, and then compares the tables of both. The warehouse of the settings
 * is only read, so that loads and queries go on. Documents that the other one has as they are are
 * left out: an attempt that was interrupted is continued by the next, which also loads what came
 * meanwhile. Purges wait, so that no data comes back that was removed.
 * Errors: WAREHOUSE_LOCKED during a purge or another rebuild; REBUILD_INCOMPLETE, with the other
 * warehouse unchanged; those of both warehouses.
 */
export async function rebuildInto(
  into: ComparedWarehouse & { warehouse: Warehouse },
  context: PipelineContext,
  options: CommitOptions,
): Promise<RebuildIntoSummary> {
  const { config, lake, raw, warehouse, warehouseFile } = context;
  const summary = { fromLake: 0, fromRaw: 0, alreadyThere: 0, lost: [] as string[] };
  return withRebuildLock(warehouseFile?.path ?? join(config.state, 'lake'), () =>
    withWorkTables(config.state, async (tables) => {
      const sources = await findSources(context, warehouse, tables);
      const filled: RebuildIntoSummary = { ...summary, failures: sources.failures, tables: [] };
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
      // Reading a document again looks at earlier ones.
      const building = { ...context, warehouse: into.warehouse };
      const missing = missingSources(sources, warehouse, into.warehouse, filled);
      await commitSources(
        readSources(missing, warehouse, context),
        into.warehouse,
        filled,
        building,
        options,
      );
      filled.tables = await compareWarehouses({ warehouse, type: config.warehouse.type }, into);
      return filled;
    }),
  );
}

/** The sources of documents that a warehouse does not have, or has from before their last load. */
function missingSources(
  sources: Pick<Sources, 'count' | 'pages'>,
  from: Pick<Warehouse, 'seen'>,
  into: Pick<Warehouse, 'seen'>,
  counts: { alreadyThere: number },
): Pick<Sources, 'count' | 'pages'> {
  return {
    get count() {
      return sources.count - counts.alreadyThere;
    },
    async *pages() {
      for await (const page of sources.pages()) {
        const keys = page.map(({ key }) => key);
        const [loaded, there] = await Promise.all([from.seen(keys), into.seen(keys)]);
        const missing = page.filter(({ key }) => !isCurrent(there.get(key), loaded.get(key), key));
        counts.alreadyThere += page.length - missing.length;
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
