import { ReportsError } from '../../errors/reports-error.js';
import type { ResultChunk, StreamedAnswer } from '../types.js';
import type { BigQueryClient, Page } from './client.js';
import { bigQueryType, columnTypeOfField, type Field } from './column-types.js';
import { BigQueryError } from './errors.js';
import { toJsonValue } from './values.js';

export interface QueryOptions {
  /** Refuses a query that would read more. */
  maxBytes?: number;
  /** Called before the query runs, with what it will read. */
  onEstimate?: (bytes: number) => void;
}

interface RunOptions extends QueryOptions {
  /** Cancels the query, which then fails with the signal's reason. */
  signal?: AbortSignal;
}

const readLess =
  'name fewer columns, or a range of the partition column; `sp-reports query --max-bytes` lets it read more.';

/**
 * How many more bytes may be billed than are read: whole MB, and at least ten for each table. See
 * https://cloud.google.com/bigquery/pricing#on_demand_pricing
 */
function billedAnyway(tables: number): number {
  return (1 + 10 * Math.max(tables, 1)) * 1024 ** 2;
}

/**
 * Runs one statement that reads.
 * Errors: QUERY_FAILED if it does not read, is wrong or reads too much.
 */
export async function runQuery(
  client: BigQueryClient,
  sql: string,
  { maxBytes, onEstimate, signal }: RunOptions = {},
): Promise<StreamedAnswer> {
  if (sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|[\s;]/g, '') === '') {
    throw queryFailed('there is no statement in it', 'write a statement, such as "SELECT * FROM _loads".');
  }
  try {
    const { statistics } = await client.dryRun(sql);
    const {
      statementType = 'unknown',
      totalBytesProcessed = '0',
      referencedTables = [],
    } = statistics?.query ?? {};
    if (statementType !== 'SELECT') {
      throw queryFailed(
        `${statementType} is not a statement that reads`,
        'give one SELECT; only loads change the warehouse.',
      );
    }
    const bytes = Number(totalBytesProcessed);
    onEstimate?.(bytes);
    if (maxBytes !== undefined && bytes > maxBytes) {
      throw queryFailed(`it would read ${bytes} bytes, more than the ${maxBytes} that it may`, readLess);
    }
    // BigQuery does not know how much it will read of tables that it keeps elsewhere.
    const maximumBytesBilled =
      maxBytes === undefined ? undefined : String(maxBytes + billedAnyway(referencedTables.length));
    const pages = client.pages(await client.run(sql, { signal, maximumBytesBilled }));
    const first = (await pages.next()).value as Page | undefined;
    const fields = first?.schema?.fields ?? [];
    const columns = fields.map((field) => ({ name: field.name, type: typeText(field) }));
    return { columns, groups: rowGroups(first, pages, fields) };
  } catch (error) {
    signal?.throwIfAborted();
    throw queryError(error);
  }
}

async function* rowGroups(
  first: Page | undefined,
  pages: AsyncGenerator<Page>,
  fields: Field[],
): AsyncGenerator<ResultChunk> {
  for (let page = first; page; page = (await pages.next()).value as Page | undefined) {
    const { rows = [] } = page;
    if (rows.length === 0) continue;
    yield {
      count: rows.length,
      rows: (from, to) =>
        rows.slice(from, to).map(({ f }) => fields.map((field, index) => toJsonValue(f[index]?.v, field))),
    };
  }
}

function typeText(field: Field): string {
  if (field.type === 'NUMERIC' || field.type === 'BIGNUMERIC') return field.type;
  const type = columnTypeOfField(field);
  return type ? bigQueryType(type) : field.type;
}

/** Blames the query for a failure, unless it is about access, quota or the network. */
function queryError(error: unknown): unknown {
  if (!(error instanceof BigQueryError)) return error;
  const isAboutQuery =
    error.code === 'WAREHOUSE_REFUSED' || (error.code === 'WAREHOUSE_BUSY' && error.reason === 'notFound');
  if (!isAboutQuery) return error;
  const found = String(error.details.found);
  if (error.failure === 'too many bytes to bill') return queryFailed(found, readLess, error);
  const hint = /not found: table/i.test(found)
    ? '`sp-reports tables` lists the tables, `sp-reports tables --views` the views and the tables they wait for. _loads is the ledger, _rejects has the rejects.'
    : "correct the statement at the named position. cloud.google.com/bigquery/docs describes BigQuery's SQL.";
  return queryFailed(found, hint, error);
}

function queryFailed(found: string, hint: string, cause?: unknown): ReportsError {
  return new ReportsError('QUERY_FAILED', { found, hint }, { cause });
}
