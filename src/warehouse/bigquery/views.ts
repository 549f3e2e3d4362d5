import type { Logger } from 'pino';
import { describeError } from '../../errors/reports-error.js';
import type { View } from '../../schema/views.js';
import * as shared from '../rules/refresh-views.js';
import type { Relations } from '../rules/relations.js';
import type { ViewDialect } from '../rules/view-query.js';
import type { BigQueryClient } from './client.js';
import { castType } from './column-types.js';
import { relationsOf } from './relations.js';
import { identifier, literal } from './sql.js';
import { recordViews, runTransaction, type State } from './state.js';

/**
 * Creates, recreates and drops views of the dataset. See `refreshViews` of rules/. The state has
 * the version of each view, so that no call is made if all are up to date.
 */
export function refreshViews(
  client: BigQueryClient,
  views: View[],
  relations: Relations,
  state: State,
  log?: Logger,
): Promise<boolean> {
  return shared.refreshViews(viewStore(client, relations, state), views, relations, log);
}

/**
 * The views that could be made but are missing or outdated, by name, with the reason. BigQuery
 * checks a query for free.
 */
export function viewProblems(
  client: BigQueryClient,
  views: View[],
  state: State,
): Promise<Map<string, string>> {
  const relations = relationsOf(state);
  return shared.viewProblems(viewStore(client, relations, state), views, relations);
}

/**
 * Drops those views of these names that this program made: a table of a report has precedence over
 * them.
 */
export function dropOwnViews(
  client: BigQueryClient,
  names: string[],
  { views, tables }: State,
): Promise<void> {
  const lower = names.map((name) => name.toLowerCase());
  return dropViews(
    client,
    lower.filter((name) => views.has(name) && !tables.has(name)),
  );
}

/** How BigQuery spells what surrounds a view's own SQL, but for the names of tables. */
export const viewDialect: Omit<ViewDialect, 'table'> = {
  identifier,
  type: castType,
  tryCast: (text, type) => `SAFE_CAST(${text} AS ${castType(type)})`,
  hasReplace: true,
  localDate: (time, zone) => `DATE(${time}, ${zone})`,
};

function viewStore(client: BigQueryClient, relations: Relations, state: State): shared.ViewStore {
  return {
    dialect: { ...viewDialect, table: (name) => client.table(name) },
    readVersions: async () => state.views,
    async obstacle(name) {
      const isOthers = await isForeign(client, name);
      return isOthers ? 'there is a table or view of that name already' : undefined;
    },
    async make({ view: { name, description }, query: { sql } }) {
      const options = `description = ${literal(description)}, labels = [('program', 'sp-reports')]`;
      await client.run(`CREATE OR REPLACE VIEW ${client.table(name)} OPTIONS (${options}) AS ${sql}`);
    },
    // The name of a view that gave way to a table is the table's.
    drop: (names) =>
      dropViews(
        client,
        names.filter((name) => !relations.has(name)),
      ),
    async record(made, gone) {
      const versions = new Map(made.map(({ view, query }) => [view.name, query.version]));
      // If another commit comes first, the views are made once more, which does no harm.
      const notes = recordViews(client, versions, gone);
      if (notes.length > 0) await runTransaction(client, state.version, notes);
    },
    mistakeIn: (sql) => client.dryRun(sql).then(() => undefined, describeError),
    describe: describeError,
    isConcurrent: true,
  };
}

async function dropViews(client: BigQueryClient, names: string[]): Promise<void> {
  await Promise.all(names.map((name) => client.run(`DROP VIEW IF EXISTS ${client.table(name)}`)));
}

/** Whether the dataset has a table or view of that name that this program did not make. */
async function isForeign(client: BigQueryClient, name: string): Promise<boolean> {
  const uri = client.tableUri(name);
  const found = await client.requestIfThere<{ type: string; labels?: Record<string, string> }>({ uri });
  return found !== undefined && !(found.type === 'VIEW' && found.labels?.program === 'sp-reports');
}
