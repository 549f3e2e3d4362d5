import type { Logger } from 'pino';
import { describeError } from '../../errors/reports-error.js';
import type { View } from '../../schema/views.js';
import type { Relations } from './relations.js';
import { type ViewDialect, type ViewQuery, viewQuery } from './view-query.js';

/** A view and its query on the tables that exist. */
export interface MadeView {
  view: View;
  query: ViewQuery;
}

/** How a warehouse keeps views. */
export interface ViewStore {
  dialect: ViewDialect;
  /** The versions of the views that this program made, by name in lower case. */
  readVersions(): Promise<ReadonlyMap<string, string>>;
  /** What already has the name of a view and was not made by this program; undefined if nothing. */
  obstacle(name: string): Promise<string | undefined>;
  /** Makes a view, or replaces the one of that name. */
  make(made: MadeView): Promise<void>;
  /** Drops views that this program made. */
  drop(names: string[]): Promise<void>;
  /**
   * Records what was made and what is gone, if the views do not carry their versions themselves.
   */
  record?(made: MadeView[], gone: string[]): Promise<void>;
  /** What the warehouse finds wrong with a query; undefined if nothing. */
  mistakeIn(sql: string): Promise<string | undefined>;
  /** What an error of the warehouse says, in one line. */
  describe(error: unknown): string;
  /** Whether several views may be made at the same time. */
  isConcurrent: boolean;
}

/** The reason for a view that could be made. */
const notMadeYet = 'not as its file says yet: the next load makes it, or a query';

/**
 * Creates the views whose tables exist, recreates those whose definition changed, and drops those
 * that are no longer defined. Views of others stay as they are. Never fails, because the rows are
 * committed by then: a view that can't be made is logged. Returns whether all are as they should
 * be.
 */
export async function refreshViews(
  store: ViewStore,
  views: View[],
  relations: Relations,
  log?: Logger,
): Promise<boolean> {
  try {
    const versions = await store.readVersions();
    const { stale, gone } = compareViews(store, versions, views, relations);
    if (stale.length + gone.length === 0) return true;
    const made = await makeAll(store, stale, versions, log);
    await store.drop(gone);
    await store.record?.(made, gone);
    return made.length === stale.length;
  } catch (error) {
    log?.warn(`making views: ${describeError(error)}`);
    return false;
  }
}

/** Whether views of the warehouse are missing, not as their files say, or no longer defined. */
export async function areViewsStale(store: ViewStore, views: View[], relations: Relations): Promise<boolean> {
  const { stale, gone } = compareViews(store, await store.readVersions(), views, relations);
  return stale.length + gone.length > 0;
}

function compareViews(
  store: ViewStore,
  versions: ReadonlyMap<string, string>,
  views: View[],
  relations: Relations,
): { stale: MadeView[]; gone: string[] } {
  const wanted = queriesOf(store, views, relations);
  const names = new Set(wanted.map(({ view }) => view.name));
  return {
    stale: wanted.filter(({ view, query }) => versions.get(view.name) !== query.version),
    gone: [...versions.keys()].filter((name) => !names.has(name)),
  };
}

/** The views that could be made but are missing or outdated, by name, with the reason. */
export async function viewProblems(
  store: ViewStore,
  views: View[],
  relations: Relations,
): Promise<Map<string, string>> {
  const versions = await store.readVersions();
  const problems = new Map<string, string>();
  for (const { view, query } of queriesOf(store, views, relations)) {
    const version = versions.get(view.name);
    if (version === query.version) continue;
    const obstacle = version === undefined ? await store.obstacle(view.name) : undefined;
    problems.set(view.name, obstacle ?? (await store.mistakeIn(query.sql)) ?? notMadeYet);
  }
  return problems;
}

/** Returns those that were made. */
async function makeAll(
  store: ViewStore,
  stale: MadeView[],
  versions: ReadonlyMap<string, string>,
  log?: Logger,
): Promise<MadeView[]> {
  const make = async (each: MadeView): Promise<MadeView[]> => {
    const { name, file } = each.view;
    try {
      const obstacle = versions.has(name) ? undefined : await store.obstacle(name);
      if (obstacle) {
        log?.warn({ view: name }, `the view was not made: ${obstacle}`);
        return [];
      }
      await store.make(each);
      return [each];
    } catch (error) {
      log?.warn(
        { view: name, file },
        `the view was not made: ${store.describe(error)}; see \`sp-reports schemas check\``,
      );
      return [];
    }
  };
  if (store.isConcurrent) return (await Promise.all(stale.map(make))).flat();
  const made: MadeView[] = [];
  for (const each of stale) made.push(...(await make(each)));
  return made;
}

function queriesOf({ dialect }: ViewStore, views: View[], relations: Relations): MadeView[] {
  return views.flatMap((view): MadeView[] => {
    const query = viewQuery(view, relations, dialect);
    return query ? [{ view, query }] : [];
  });
}
