import assert from 'node:assert/strict';
import { DataType, type Vector } from 'apache-arrow';
import { parseDocument } from '../../src/parse/parse-document.js';
import type { ParseHint } from '../../src/parse/parse-hint.js';
import type { Engine, ParsedDocument, Reject } from '../../src/parse/types.js';
import { columnTypeText } from '../../src/schema/column-type.js';
import { canonicalDecimal } from '../../src/schema/decimal.js';
import type { Decision } from '../../src/schema/findings.js';
import type { ReportSchema } from '../../src/schema/types.js';
import { ReadAgain } from '../../src/source/read-again.js';
import type { ReadableDocument } from '../../src/source/types.js';

type Row = Record<string, string | null>;

/** A parsed document, read to its end. */
export interface ReadDocument {
  parsed: ParsedDocument;
  /** `name type` of the columns of the first table. */
  columns: string[];
  /** Rows of all tables, values as text, with `_row`. */
  rows: Row[];
  /** Rows by table. */
  rowsOf: Record<string, Row[]>;
  rejects: Reject[];
}

/**
 * Parses a document by an engine and reads all of its batches. Parses it again if the columnar
 * parser found its assumption wrong, as the pipeline does. Whatever the result, nothing may be left
 * open.
 */
export async function readRows(
  document: ReadableDocument,
  schema?: ReportSchema,
  engine: Engine = 'reference',
  earlier: Decision[] = [],
): Promise<ReadDocument> {
  let hint: ParseHint | undefined;
  for (let tries = 0; tries < 10; tries += 1) {
    const readings = new Readings();
    try {
      return await readOnce(readings.of(document), schema, engine, hint, earlier);
    } catch (error) {
      if (!(error instanceof ReadAgain)) throw error;
      hint = error.hint;
    } finally {
      assert.equal(readings.open, 0, 'readings of the document that were not closed');
    }
  }
  throw new Error('the columnar parser finds no assumption that holds');
}

/** The readings of a document that have begun and not ended. */
class Readings {
  open = 0;

  of(document: ReadableDocument): ReadableDocument {
    return {
      ...document,
      openText: () => this.counted(document.openText()),
      openBytes: () => this.counted(document.openBytes()),
    };
  }

  private async *counted<T>(pieces: AsyncIterable<T>): AsyncGenerator<T> {
    this.open += 1;
    try {
      yield* pieces;
    } finally {
      this.open -= 1;
    }
  }
}

async function readOnce(
  document: ReadableDocument,
  schema: ReportSchema | undefined,
  engine: Engine,
  hint: ParseHint | undefined,
  earlier: Decision[],
): Promise<ReadDocument> {
  const stream = await parseDocument({
    document,
    engine,
    batchRows: 3,
    beginningBytes: 40,
    schema,
    hint,
    earlier: async () => earlier,
  });
  const rows: Row[] = [];
  const rowsOf: ReadDocument['rowsOf'] = {};
  const rejects: Reject[] = [];
  for await (const { table, batch, rejects: found } of stream.batches) {
    rejects.push(...found);
    const names = batch.schema.fields.map(({ name }) => name);
    for (let index = 0; index < batch.numRows; index += 1) {
      const row = Object.fromEntries(
        names.map((name, column) => [name, textOf(batch.getChildAt(column), index)]),
      );
      rows.push(row);
      rowsOf[table] = [...(rowsOf[table] ?? []), row];
    }
  }
  const parsed = stream.finish();
  const columns = (parsed.tables[0]?.columns ?? []).map(
    ({ name, type }) => `${name} ${columnTypeText(type)}`,
  );
  return { parsed, columns, rows, rowsOf, rejects };
}

function textOf(vector: Vector | null, index: number): string | null {
  const value: unknown = vector?.get(index);
  if (value === null || value === undefined) return null;
  if (DataType.isDictionary(vector?.type)) {
    const dictionary = vector.data[0]?.dictionary as Vector;
    return textOf(dictionary, vector.data[0]?.values[index]);
  }
  if (DataType.isDecimal(vector?.type)) return canonicalDecimal(value as Uint32Array, 0, vector.type.scale);
  return DataType.isDate(vector?.type) ? new Date(Number(value)).toISOString().slice(0, 10) : String(value);
}
