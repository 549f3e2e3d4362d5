import type { Command } from 'commander';
import { historiesOf } from '../../config/histories.js';
import type { Histories } from '../../schema/history.js';
import { readViews, type View, waitsFor } from '../../schema/views.js';
import { systemClock } from '../../runtime/clock.js';
import { readCoverage } from '../../requests/read-coverage.js';
import { openRequestStore } from '../../requests/request-store.js';
import type { PipelineContext } from '../../ingest/context.js';
import type { TableInfo, Warehouse } from '../../warehouse/types.js';
import { spanText } from '../../yaml/span.js';
import { type Io, nothingLoaded, resultWidth } from '../setup/io.js';
import { openProgress } from '../setup/progress.js';
import { readAllSchemas, readWarehouseConfig, schemaFolders } from '../setup/open-context.js';
import { openWarehouse } from '../../warehouse/open-warehouse.js';
import { tablePeriods } from '../../requests/table-periods.js';
import { periodsText } from '../output/coverage-text.js';
import { textTable } from '../output/text-table.js';

export interface TablesOptions {
  gaps?: boolean;
  coverage?: boolean;
  views?: boolean;
  json?: boolean;
}

/** Runs `sp-reports tables`. */
export async function tablesAction(options: TablesOptions, command: Command, io: Io): Promise<void> {
  const config = readWarehouseConfig(command, io);
  const warehouse = openWarehouse(config);
  const views = () => readViews({ folders: schemaFolders(command, io) }, readAllSchemas(command, io));
  const { list, text } = await (options.gaps || options.coverage
    ? periodsOf(
        { config, schemas: readAllSchemas(command, io), warehouse, clock: systemClock },
        { onlyGaps: options.gaps ?? false },
        io,
      )
    : options.views
      ? viewsOf(warehouse, views(), resultWidth(io))
      : tablesOf(warehouse, historiesOf(config.history, readAllSchemas(command, io)), resultWidth(io)));
  io.stdout.write(options.json ? `${JSON.stringify(list, null, 2)}\n` : text);
}

async function tablesOf(
  warehouse: Warehouse,
  histories: Histories,
  width: number | undefined,
): Promise<{ list: object[]; text: string }> {
  const list = (await warehouse.tables()).map((table) => ({
    ...table,
    history: historyInfo(table, histories),
  }));
  const hasHistory = list.some(({ history }) => history);
  const cells = list.map(({ name, reportType, rows, lastLoadedAt, history }) => [
    name,
    reportType,
    rows,
    // To the minute: `--json` has the rest.
    lastLoadedAt && `${lastLoadedAt.slice(0, 16)}Z`,
    ...(hasHistory ? [history && `${history.mode}, ${history.keep ?? 'not kept any more'}`] : []),
  ]);
  const titles = ['table', 'report type', 'rows', 'last loaded', ...(hasHistory ? ['history'] : [])];
  const text = textTable(titles, cells, { width, wrap: true });
  return { list, text: list.length > 0 ? text : nothingLoaded };
}

/** How a history is kept, and how long; null if the settings no longer want it. */
function historyInfo({ history }: TableInfo, histories: Histories) {
  if (!history) return undefined;
  const keep = histories.get(history.of.toLowerCase())?.keep;
  return { ...history, keep: keep ? spanText(keep) : null };
}

async function viewsOf(
  warehouse: Warehouse,
  views: View[],
  width: number | undefined,
): Promise<{ list: object[]; text: string }> {
  const there = new Set((await warehouse.tables()).map(({ name }) => name.toLowerCase()));
  const problems = await warehouse.viewProblems(views);
  const list = views.map((view) => ({
    name: view.name,
    answers: view.description,
    waitsFor: waitsFor(view, (table) => there.has(table.toLowerCase())),
    problem: problems.get(view.name) ?? null,
  }));
  const cells = list.map(({ name, answers, waitsFor: waits }) => [name, answers, waits.join(', ')]);
  const table = textTable(['view', 'answers', 'waits for'], cells, { width, wrap: true, whole: ['view'] });
  const problemLines = list.flatMap(({ name, problem }) =>
    problem === null ? [] : `  ${name}: ${problem}\n`,
  );
  return {
    list,
    text: problemLines.length === 0 ? table : `${table}\nNot created\n${problemLines.join('')}`,
  };
}

async function periodsOf(
  context: Pick<PipelineContext, 'config' | 'schemas' | 'warehouse' | 'clock'>,
  options: { onlyGaps: boolean },
  io: Io,
): Promise<{ list: object[]; text: string }> {
  const { log } = openProgress(io, { title: 'tables', logLevel: 'warn' });
  const store = openRequestStore(context.config.state, { clock: context.clock, log });
  const list = tablePeriods(await readCoverage(context, store), options);
  if (list.length > 0) return { list, text: periodsText(list, resultWidth(io)) };
  const isEmpty = (await context.warehouse.loads({ limit: 1 })).length === 0;
  return {
    list,
    text: isEmpty ? nothingLoaded : options.onlyGaps ? 'No gaps.\n' : 'No table has periods.\n',
  };
}
