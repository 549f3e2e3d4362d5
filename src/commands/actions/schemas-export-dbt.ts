import { systemClock } from '../../runtime/clock.js';
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { WarehouseConfig } from '../../config/warehouse-spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import { version } from '../../runtime/version.js';
import { type DbtDialect, dbtPackage } from '../../schema/export/dbt-package.js';
import type { ExportTable } from '../../schema/export/tables.js';
import type { View } from '../../schema/views.js';
import { tableFreshness } from '../../status/freshness.js';
import { pluralize } from '../../text/pluralize.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import type { Warehouse } from '../../warehouse/types.js';
import type { Io } from '../setup/io.js';
import { dbtPlace } from './dbt-place.js';

/**
 * Writes a dbt package to a folder: the tables that the warehouse has, or with `all` those of every
 * report schema, and the views on them. Errors: USAGE for a warehouse without tables.
 */
export async function exportDbtPackage(
  { tables, views, folder, all }: { tables: ExportTable[]; views: View[]; folder: string; all: boolean },
  { warehouse: settings }: { warehouse: WarehouseConfig },
  io: Io,
): Promise<void> {
  const { userWithPassword, ...where } = dbtPlace(settings);
  const warehouse = openWarehouse({ warehouse: settings });
  const there = new Set((await warehouse.tables()).map(({ name }) => name.toLowerCase()));
  const chosen = all ? tables : tables.filter(({ name }) => there.has(name));
  if (chosen.length === 0) {
    const problem =
      'the warehouse has no table of a report schema yet; --all exports those of every report schema';
    throw new ReportsError('USAGE', { problem });
  }
  const columns = new Map<string, Map<string, string>>();
  for (const { name } of chosen) {
    if (there.has(name)) columns.set(name, await columnsOf(name, warehouse, where.dialect));
  }
  const overview = await warehouse.overview();
  const stale = tableFreshness(overview?.tables ?? [], systemClock.now());
  const files = dbtPackage({
    ...where,
    tables: chosen,
    views,
    version,
    columnsOf: (table) => columns.get(table),
    staleHours(table) {
      const own = stale
        .filter((each) => each.table === table)
        .flatMap((each) => each.usualIntervalSeconds ?? []);
      return own.length === 0 ? undefined : Math.ceil((3 * Math.max(...own) + 3600) / 3600);
    },
  });
  for (const [path, text] of files) {
    const target = join(resolve(io.cwd, folder), path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  const marts = [...files.keys()].filter((path) => /^models.marts.*sql$/.test(path)).length;
  const login = userWithPassword && `, with the password of ${userWithPassword} in PGPASSWORD`;
  io.stdout.write(
    `${folder}: a dbt package with ${pluralize(chosen.length, 'table')} and ${pluralize(marts, 'view')}. Run \`dbt build\` in it${login ?? ''}.\n`,
  );
}

/** The types of a table's columns, by identifier. */
async function columnsOf(
  table: string,
  warehouse: Warehouse,
  { identifier }: DbtDialect,
): Promise<Map<string, string>> {
  const { columns } = await warehouse.query(`SELECT * FROM ${identifier(table)} WHERE FALSE`);
  return new Map(columns.map(({ name, type }) => [identifier(name.toLowerCase()), type]));
}
