import { describeError } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { packagedSchemasFolder } from '../schema/read.js';
import { readViews } from '../schema/views.js';

/**
 * Makes the views as their files say now: a file may have come or changed since the program began.
 * Never fails: what is wrong is logged, and the views stay as they are.
 */
export async function refreshOwnViews({
  config,
  schemas,
  warehouse,
  log,
}: Pick<PipelineContext, 'config' | 'schemas' | 'warehouse' | 'log'>): Promise<void> {
  try {
    const folders = [packagedSchemasFolder(), config.schemas];
    await warehouse.refreshViews(readViews({ folders }, schemas));
  } catch (error) {
    log.warn(`making views: ${describeError(error)}`);
  }
}
