import { describeError, errorCode, remedyOf } from '../errors/reports-error.js';
import type { PipelineContext } from '../ingest/context.js';
import { type Picture, pictures } from './pictures.js';
import { openWarehousePoll } from './poll-warehouse.js';
import type { Polled } from './polled.js';
import { relationsOf } from './relations.js';
import { type ConsoleResult, consoleLimits, runQuery } from './server/console.js';
import type { Problem, StatusSnapshot } from './types.js';

/** Each picture is a query, which costs money in BigQuery. */
const minSeconds = { duckdb: 60, postgres: 60, bigquery: 6 * 3600 };

/** Nobody waits for a picture, and commits interrupt it. */
const limits = { ...consoleLimits, seconds: 120 };

/** A picture with its data, or with the reason why it has none. */
export interface DrawnPicture extends Pick<Picture, 'name' | 'sql'> {
  result?: Pick<ConsoleResult, 'columns' | 'rows'>;
  problem?: Omit<Problem, 'since'>;
}

/**
 * Polls the data of the pictures whose views exist; see `openWarehousePoll`. A picture that fails
 * has a problem instead. The warehouse of the context is the one for reads that yield to all other
 * work. The signal ends a read.
 */
export function openPicturePoll(
  context: Pick<PipelineContext, 'warehouse' | 'warehouseFile' | 'config' | 'clock' | 'schemas' | 'views'>,
  readSnapshot: () => Promise<StatusSnapshot>,
  signal: AbortSignal,
): () => Promise<Polled<DrawnPicture[]>> {
  const { warehouse, schemas, views } = context;
  return openWarehousePoll(
    context,
    async () => {
      const names = new Set(relationsOf(await readSnapshot(), schemas, views).map(({ name }) => name));
      const drawn = new Map<string, DrawnPicture>();
      for (const picture of pictures) {
        if (drawn.has(picture.name) || !picture.views.every((name) => names.has(name))) continue;
        drawn.set(picture.name, await draw(picture));
      }
      return [...drawn.values()];
    },
    { minSeconds, isPartial: (drawn) => drawn.some(({ problem }) => problem !== undefined) },
  );

  async function draw({ name, sql }: Picture): Promise<DrawnPicture> {
    try {
      const { columns, rows } = await runQuery(warehouse, sql, signal, limits);
      return { name, sql, result: { columns, rows } };
    } catch (error) {
      const problem = { code: errorCode(error), message: describeError(error), remedy: remedyOf(error) };
      return { name, sql, problem };
    }
  }
}
