import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { ReportsError } from '../errors/reports-error.js';
import { formatOf, readHead } from '../parse/format.js';
import { LimitExceeded } from '../parse/limits.js';
import { marketplacesStatedIn } from '../parse/objects/stated-type.js';
import { parseDocument } from '../parse/parse-document.js';
import { readWithHints } from '../parse/parse-hint.js';
import type { Decision } from '../schema/findings.js';
import { countryOf, marketplaces } from '../schema/marketplaces.js';
import { requestFacts } from '../schema/request-facts.js';
import type { ReportSchema, ReportSchemas } from '../schema/types.js';
import { examineDocument, openDocument } from '../source/document/examine.js';
import type { RawDocument } from '../source/types.js';
import { pluralize } from '../text/pluralize.js';
import { marketplaceNamed } from './choose-marketplace.js';

/** The marketplaces of a document, and how they were found. */
export interface FoundMarketplaces {
  marketplaceIds: string[];
  decision: Decision;
}

interface Options {
  reportType: string;
  schemas: ReportSchemas;
  contentType: string | undefined;
  maxTextBytes: number;
  signal: AbortSignal;
}

/** A larger file is not read twice to learn its marketplace. */
const maxBytes = 64 * 1024 ** 2;

/** Columns that state the marketplace of a row. */
const statingColumns = ['marketplace_id', 'marketplace_name', 'marketplace', 'sales_channel'];

/**
 * The marketplaces that a document states beside its rows, as Amazon's JSON does, otherwise the one
 * that each of its rows states. Undefined if it states none, or rows state several or none. A
 * snapshot of several marketplaces may happen to have rows of one, so its rows count only if
 * reports of the type are about one. What is wrong with the document is reported when it is loaded.
 */
export async function marketplacesInDocument(
  path: string,
  { reportType, schemas, contentType, maxTextBytes, signal }: Options,
): Promise<FoundMarketplaces | undefined> {
  const metadata = { sellerId: 'local', documentId: basename(path), reportType, marketplaceIds: [] };
  const raw: RawDocument = { metadata: { ...metadata, contentType }, path, bytes: 0, kept: null };
  const limits = { maxTextBytes, signal };
  try {
    const document = await openDocument(raw, limits);
    if (document.charset === 'binary') return undefined;
    const head = await readHead(document.openText());
    const format = formatOf(head);
    if (format === 'JSON')
      return foundAs(await marketplacesStatedIn(head), 'reportSpecification.marketplaceIds');
    const schema = schemas.get(reportType);
    const column = schema && statingColumn(schema, schemas);
    if (format !== 'delimited' || !column || (await stat(path)).size > maxBytes) return undefined;
    return await inColumn(raw, column, schema, limits);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof ReportsError || error instanceof LimitExceeded) return undefined;
    throw error;
  }
}

function foundAs(marketplaceIds: string[], reason: string): FoundMarketplaces | undefined {
  if (marketplaceIds.length === 0) return undefined;
  const value = marketplaceIds.map((id) => (id in marketplaces ? countryOf(id) : id)).join(', ');
  return { marketplaceIds, decision: { subject: 'marketplace', value, reason } };
}

function statingColumn({ reportType, tables }: ReportSchema, schemas: ReportSchemas): string | undefined {
  const [table, ...others] = tables;
  if (!table || others.length > 0) return undefined;
  const isOfOne = requestFacts(schemas, reportType).marketplaces === 'one';
  if (table.load.mode === 'snapshot' && !isOfOne) return undefined;
  return statingColumns.find((name) => table.columns.some((column) => column.name === name));
}

async function inColumn(
  raw: RawDocument,
  column: string,
  schema: ReportSchema,
  limits: { maxTextBytes: number; signal: AbortSignal },
): Promise<FoundMarketplaces | undefined> {
  const document = await examineDocument(raw, limits);
  return readWithHints(async (hint) => {
    const stream = await parseDocument({ document, schema, engine: 'columnar', hint });
    const ids = new Set<string | undefined>();
    let rows = 0;
    for await (const { batch, rejects } of stream.batches) {
      limits.signal.throwIfAborted();
      const values = batch.getChild(column);
      // A rejected row may be of another marketplace.
      if (rejects.some((reject) => reject.column === null)) return undefined;
      for (let index = 0; index < batch.numRows; index += 1) {
        const value: unknown = values?.get(index);
        ids.add(typeof value === 'string' ? marketplaceNamed(value) : undefined);
      }
      rows += batch.numRows;
      if (ids.size > 1) return undefined;
    }
    stream.finish();
    const [id] = ids;
    return id === undefined
      ? undefined
      : foundAs([id], `${column} of ${rows === 1 ? 'its row' : `all of its ${pluralize(rows, 'row')}`}`);
  });
}
