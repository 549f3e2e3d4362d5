import type { DuckDBConnection } from '@duckdb/node-api';
import { type Parameter, streamChunks } from '../staging/sql.js';
import { BinaryOutput } from './binary-output.js';
import { type RowValue, rowWriter, valuesQuery } from './binary-rows.js';

/** Rows to send: their values, SQL after FROM that they are computed from, and its parameters. */
export interface Rows {
  values: RowValue[];
  from: string;
  parameters?: Record<string, Parameter>;
}

/** Fields that many rows end with: the rows that they come from, and SQL for which of them. */
export interface SharedFields {
  rows: Rows;
  /** SQL for the number of a row among the shared ones, from 0. */
  position: string;
  /** The same in the query of the rows that end with it. Rows for which it is NULL are left out. */
  positionIn: string;
}

/**
 * The bytes of a binary COPY of rows, about 2,000 rows at a time, or fewer if they are large,
 * converted as they are read.
 * Errors: DuckDB's errors.
 */
export async function* binaryCopy(
  connection: DuckDBConnection,
  all: Rows[],
  shared?: SharedFields,
): AsyncGenerator<Buffer> {
  yield beginning;
  const endings = shared && (await encodeEach(connection, shared));
  let size = firstPartBytes;
  for (const rows of all) {
    const types = rows.values.map(({ type }) => type);
    const fields = types.length + (shared?.rows.values.length ?? 0);
    for await (const chunk of readChunks(connection, rows, shared?.positionIn)) {
      let output = new BinaryOutput(size);
      const write = rowWriter(chunk, types);
      const positions = endings && chunk.getColumnVector(types.length + 1);
      for (let row = 0; row < chunk.rowCount; row += 1) {
        const position = positions?.getItem(row) ?? null;
        const ending = position === null ? undefined : endings?.[Number(position)];
        if (endings && !ending) continue;
        output.reserve(2);
        output.int16(fields);
        write(row, output);
        if (ending) output.raw(ending);
        if (output.length < maxPartBytes) continue;
        yield output.written;
        output = new BinaryOutput(firstPartBytes);
      }
      if (output.length === 0) continue;
      yield output.written;
      // The next chunk is about as long.
      size = Math.ceil(output.length * 1.1);
    }
  }
  yield end;
}

/** Computes rows without encoding them. Returns how many there are. */
export async function countRows(connection: DuckDBConnection, rows: Rows): Promise<number> {
  let count = 0;
  for await (const chunk of readChunks(connection, rows)) count += chunk.rowCount;
  return count;
}

async function encodeEach(connection: DuckDBConnection, { rows, position }: SharedFields): Promise<Buffer[]> {
  const types = rows.values.map(({ type }) => type);
  const encoded: Buffer[] = [];
  for await (const chunk of readChunks(connection, rows, position)) {
    const write = rowWriter(chunk, types);
    const positions = chunk.getColumnVector(types.length + 1);
    for (let row = 0; row < chunk.rowCount; row += 1) {
      const output = new BinaryOutput(0);
      write(row, output);
      encoded[Number(positions.getItem(row))] = output.written;
    }
  }
  return encoded;
}

function readChunks(connection: DuckDBConnection, { values, from, parameters }: Rows, position?: string) {
  return streamChunks(connection, valuesQuery(values, from, position), parameters);
}

const beginning = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const end = Buffer.from([0xff, 0xff]);
const firstPartBytes = 64 * 1024;
/**
 * A part this long is sent before its chunk is complete: each is one message, of which the server
 * reads no more than 1 GB.
 */
const maxPartBytes = 16 * 1024 ** 2;
