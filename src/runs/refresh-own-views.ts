import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describeError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { packagedSchemasFolder } from '../schema/read.js';
import { readViews, type View } from '../schema/views.js';

type ViewContext = Pick<PipelineContext, 'config' | 'schemas' | 'warehouse' | 'log'>;

/**
 * Makes the views as their files say now: a file may have come or changed since the program began.
 * Never fails: what is wrong is logged, and the views stay as they are.
 */
export async function refreshOwnViews({ log, ...context }: ViewContext): Promise<void> {
  try {
    await refresh(context);
  } catch (error) {
    log.warn(`making views: ${describeError(error)}`);
  }
}

/**
 * Returns a function for those who show or query views: it makes them as their files say now, if
 * the settings have views of their own, and returns them. A problem is logged once, and the views
 * are then those of the last time.
 */
export function openOwnViews({
  log,
  views,
  ...context
}: ViewContext & Pick<PipelineContext, 'views'>): () => Promise<View[]> {
  let last = views;
  let logged: string | undefined;
  let running: Promise<View[]> | undefined;
  return () => {
    // Queries that come at the same time have them made once.
    running ??= current().finally(() => {
      running = undefined;
    });
    return running;
  };

  async function current(): Promise<View[]> {
    if (!existsSync(join(context.config.schemas, 'views'))) return last;
    try {
      last = await refresh(context);
      logged = undefined;
    } catch (error) {
      const problem = describeError(error);
      if (problem !== logged) log.warn(`making views: ${problem}`);
      logged = problem;
    }
    return last;
  }
}

async function refresh({ config, schemas, warehouse }: Omit<ViewContext, 'log'>): Promise<View[]> {
  const views = readViews({ folders: [packagedSchemasFolder(), config.schemas] }, schemas);
  await warehouse.refreshViews(views);
  return views;
}
