import type { Logger } from 'pino';
import { describeError } from '../../errors/reports-error.js';
import type { View } from '../../schema/views.js';
import type { Relations } from '../rules/relations.js';
import { notMadeYet, type ViewDialect, type ViewQuery, viewQuery } from '../rules/view-query.js';
import type { BigQueryClient } from './client.js';
import { castType } from './column-types.js';
import { identifier, literal } from './sql.js';
import { noteViews, runTransaction, type State } from './state.js';
import { relationsOf } from './planned-tables.js';

/**
 * Makes the views whose tables are there, makes those anew that would be others by now, and drops those that are no more. Views that somebody
 * else made stay as they are. The state says which version of each was made, so nothing is asked where all is as it should be. It never fails: the rows are
 * committed, and a view that can't be made is told of in the log.
 */
export async function refreshViews(
  client: BigQueryClient,
  views: View[],
  relations: Relations,
  state: State,
  log?: Logger,
): Promise<void> {
  const queries = queriesOf(client, views, relations);
  const wanted = new Set(queries.map(({ view }) => view.name));
  const stale = queries.filter(({ view, query }) => state.views.get(view.name) !== query.version);
  const gone = [...state.views.keys()].filter((name) => !wanted.has(name));
  if (stale.length + gone.length === 0) return;
  try {
    const made = await Promise.all(
      stale.map(async ({ view, query }) =>
        (await makeView(client, view, query, state, log)) ? [view.name] : [],
      ),
    );
    // One that made way for a table has its name no more.
    await dropViews(
      client,
      gone.filter((name) => !relations.has(name)),
    );
    const versions = new Map(queries.map(({ view, query }) => [view.name, query.version]));
    const noted = new Map(made.flat().map((name) => [name, versions.get(name) ?? '']));
    // Where another commit comes first the views are made once more some time, which does no harm.
    const notes = noteViews(client, noted, gone);
    if (notes.length > 0) await runTransaction(client, state.version, notes);
  } catch (error) {
    log?.warn(`creating views: ${describeError(error)}`);
  }
}

/** Of the views whose tables are there those that are not in the dataset as their files say, by name, and why. A try of one is free. */
export async function viewProblems(
  client: BigQueryClient,
  views: View[],
  state: State,
): Promise<Map<string, string>> {
  const queries = queriesOf(client, views, relationsOf(state));
  const stale = queries.filter(({ view, query }) => state.views.get(view.name) !== query.version);
  const problems = await Promise.all(
    stale.map(async ({ view: { name }, query: { sql } }): Promise<[string, string]> => {
      if (!state.views.has(name) && (await isSomebodyElses(client, name))) return [name, obstacle];
      const mistake = await client.dryRun(sql).then(() => undefined, describeError);
      return [name, mistake ?? notMadeYet];
    }),
  );
  return new Map(problems);
}

const obstacle = 'there is a table or view of that name already';

/** The queries of the views whose tables are there. */
function queriesOf(client: BigQueryClient, views: View[], relations: Relations) {
  const dialect: ViewDialect = {
    table: (name) => client.table(name),
    identifier,
    type: castType,
    tryCast: 'SAFE_CAST',
  };
  return views.flatMap((view): { view: View; query: ViewQuery }[] => {
    const query = viewQuery(view, relations, dialect);
    return query ? [{ view, query }] : [];
  });
}

/** Drops those of the views of these names that were made here: a table of a report goes before them. */
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

async function dropViews(client: BigQueryClient, names: string[]): Promise<void> {
  await Promise.all(names.map((name) => client.run(`DROP VIEW IF EXISTS ${client.table(name)}`)));
}

/** False where it was not made. */
async function makeView(
  client: BigQueryClient,
  { name, description, file }: View,
  { sql }: ViewQuery,
  state: State,
  log?: Logger,
): Promise<boolean> {
  const options = `description = ${literal(description)}, labels = [('program', 'sp-reports')]`;
  try {
    if (!state.views.has(name) && (await isSomebodyElses(client, name))) {
      log?.warn({ view: name }, `the view was not created: ${obstacle}`);
      return false;
    }
    await client.run(`CREATE OR REPLACE VIEW ${client.table(name)} OPTIONS (${options}) AS ${sql}`);
    return true;
  } catch (error) {
    log?.warn({ view: name, file }, `the view was not created: ${describeError(error)}`);
    return false;
  }
}

async function isSomebodyElses(client: BigQueryClient, name: string): Promise<boolean> {
  const uri = `/datasets/${client.place.dataset}/tables/${name}`;
  const found = await client.requestIfThere<{ type: string; labels?: Record<string, string> }>({ uri });
  return found !== undefined && !(found.type === 'VIEW' && found.labels?.program === 'sp-reports');
}
