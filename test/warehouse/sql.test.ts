import assert from 'node:assert/strict';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { identifier, literal, run } from '../../src/warehouse/staging/sql.js';
import { runs } from '../property-runs.js';

describe('SQL text', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  before(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
  });
  after(() => {
    connection.closeSync();
    instance.closeSync();
  });

  it('contains any name and any text literally, and nothing else', async () => {
    // DuckDB's text ends at a NUL; names and texts of documents that have one come as parameters.
    const character = fc.oneof(
      fc.constantFrom(...`"'\\;-/*$\n`),
      fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 }),
    );
    const text = fc
      .array(character, { minLength: 1, maxLength: 12 })
      .map((all) => all.join(''))
      .filter((all) => !all.includes('\u0000'));
    await fc.assert(
      fc.asyncProperty(text, text, async (name, value) => {
        const result = await connection.runAndReadAll(`SELECT ${literal(value)} AS ${identifier(name)}`);
        assert.deepEqual([result.columnNames(), result.getRows()], [[name], [[value]]]);
        assert.deepEqual(await run(connection, 'SELECT $value', { value }), [[value]]);
      }),
      { numRuns: runs(200) },
    );
  });
});
