import assert from 'node:assert/strict';
import { createHash, randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { DuckDBInstance } from '@duckdb/node-api';
import { binaryCopy } from '../../src/warehouse/postgres/binary-copy.js';
import { PostgresServer } from '../../src/warehouse/postgres/connection.js';
import { runs } from '../property-runs.js';
import { withFakePostgres } from './fake-postgres.js';

describe('rows sent to PostgreSQL', () => {
  /** A buffer of its own, as `binaryCopy` makes them. */
  const part = (length: number) => randomFillSync(Buffer.allocUnsafeSlow(length));
  const hashOf = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

  it('arrive as they were, though their memory is freed, and up to an error of the server', async () => {
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 5000 }), fc.integer({ min: 200_000, max: 700_000 })),
      { minLength: 1, maxLength: 12 },
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.option(fc.nat(12)), async (lengths, refusedPart) => {
        const parts = lengths.map(part);
        const wanted = parts.map(hashOf);
        const arrived: string[] = [];
        const onData = (bytes: Buffer) => {
          if (arrived.length === refusedPart) return { sqlState: '22P04', message: 'refused' };
          arrived.push(hashOf(bytes));
          return undefined;
        };
        let isOver = false;
        async function* send() {
          try {
            yield* parts;
          } finally {
            isOver = true;
          }
        }
        const isRefused = refusedPart !== null && refusedPart < lengths.length;
        await withFakePostgres(
          () => ({ onData }),
          async (url) => {
            const sent = new PostgresServer({ url, schema: 's' }).once((session) =>
              session.copyIn('things', send()),
            );
            if (isRefused) await assert.rejects(sent, /refused/);
            else assert.equal(await sent, 1);
          },
        );
        assert.deepEqual(arrived, isRefused ? wanted.slice(0, refusedPart) : wanted);
        assert.equal(isOver, true);
        const kept = parts.filter(({ length }) => length >= 300_000);
        if (!isRefused) assert.deepEqual(kept, []);
      }),
      { numRuns: runs(15) },
    );
  });

  it('are in parts that the server can read, however large the rows are', async () => {
    const duckdb = await (await DuckDBInstance.create(':memory:')).connect();
    const rows = {
      values: [{ sql: "repeat('x', 3000000)", type: { kind: 'string' as const } }],
      from: 'range(40)',
    };
    const lengths: number[] = [];
    for await (const part of binaryCopy(duckdb, [rows])) lengths.push(part.length);
    const header = 19;
    const end = 2;
    assert.equal(
      lengths.reduce((sum, length) => sum + length, 0),
      header + 40 * (2 + 4 + 3_000_000) + end,
    );
    assert.ok(Math.max(...lengths) < 20_000_000);
  });
});
