import type { Command } from 'commander';
import { readViews, type View } from '../../schema/views.js';
import { dataGaps } from '../../warehouse/ledger/data-gaps.js';
import type { Warehouse } from '../../warehouse/types.js';
import { type Io, nothingLoaded } from '../setup/io.js';
import { readAllSchemas, readWarehouseConfig, schemaFolders } from '../setup/open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { textTable } from '../output/text-table.js';

/** Runs `sp-reports tables`. */
export async function tablesAction(
  options: { gaps?: boolean; views?: boolean; json?: boolean },
  command: Command,
  io: Io,
): Promise<void> {
  const warehouse = openWarehouse(readWarehouseConfig(command, io));
  const views = () => readViews({ folders: schemaFolders(command, io) }, readAllSchemas(command, io));
  const { list, text } = await (options.gaps
    ? gapsOf(warehouse)
    : options.views
      ? viewsOf(warehouse, views())
      : tablesOf(warehouse));
  io.stdout.write(options.json ? `${JSON.stringify(list, null, 2)}\n` : text);
}

async function tablesOf(warehouse: Warehouse): Promise<{ list: object[]; text: string }> {
  const list = await warehouse.tables();
  const cells = list.map(({ name, reportType, rows, lastLoadedAt }) => [
    name,
    reportType,
    rows,
    lastLoadedAt,
  ]);
  const text = textTable(['table', 'report type', 'rows', 'last loaded'], cells);
  return { list, text: list.length > 0 ? text : nothingLoaded };
}

async function viewsOf(warehouse: Warehouse, views: View[]): Promise<{ list: object[]; text: string }> {
  const there = new Set((await warehouse.tables()).map(({ name }) => name.toLowerCase()));
  const problems = await warehouse.viewProblems(views);
  const list = views.map(({ name, description, tables }) => {
    const groups = tables.map((group) => group.map((table) => table.name));
    const waitsFor = groups.filter((group) => !group.some((table) => there.has(table.toLowerCase())));
    const problem = problems.get(name) ?? null;
    return { name, answers: description, waitsFor: waitsFor.map((group) => group.join(' or ')), problem };
  });
  const cells = list.map(({ name, answers, waitsFor }) => [name, answers, waitsFor.join(', ')]);
  const table = textTable(['view', 'answers', 'waits for'], cells);
  const problemLines = list.flatMap(({ name, problem }) =>
    problem === null ? [] : `  ${name}: ${problem}\n`,
  );
  return {
    list,
    text: problemLines.length === 0 ? table : `${table}\nNot created\n${problemLines.join('')}`,
  };
}

async function gapsOf(warehouse: Warehouse): Promise<{ list: object[]; text: string }> {
  const list = dataGaps(await warehouse.periods());
  const cells = list.map(({ table, sellerId, marketplaceId, from, to }) => [
    table,
    sellerId,
    marketplaceId,
    from,
    to,
  ]);
  const text = textTable(['table', 'seller', 'marketplace', 'from', 'to'], cells);
  if (list.length > 0) return { list, text };
  const isEmpty = (await warehouse.loads({ limit: 1 })).length === 0;
  return { list, text: isEmpty ? nothingLoaded : 'No gaps.\n' };
}
