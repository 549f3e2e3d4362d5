import assert from 'node:assert/strict';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { duckDbLedger } from '../../src/warehouse/duckdb/ledger-queries.js';
import { ensureLedger } from '../../src/warehouse/duckdb/ledger.js';
import { maxSeamMs } from '../../src/warehouse/ledger/periods.js';
import { runs } from '../property-runs.js';

interface Span {
  seller: string;
  startMs: number;
  endMs: number;
}

const firstMs = Date.parse('2026-10-01T00:00:00Z');

/** Near each other, so that they adjoin, overlap and contain each other, by a seam or less. */
const spans: fc.Arbitrary<Span[]> = fc.array(
  fc
    .record({
      seller: fc.constantFrom('A0', 'A1'),
      start: fc.integer({ min: 0, max: 40 }),
      length: fc.oneof(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 0, max: 30 })),
    })
    .map(({ seller, start, length }) => {
      const startMs = firstMs + (start * maxSeamMs) / 2;
      return { seller, startMs, endMs: startMs + (length * maxSeamMs) / 2 };
    }),
  { maxLength: 25 },
);

/** The periods by their meaning: one span after the other, each joined to what it adjoins. */
function joined(all: Span[]): Span[] {
  const found: Span[] = [];
  const sorted = all.filter(({ startMs, endMs }) => endMs - startMs > maxSeamMs);
  sorted.sort((a, b) => a.seller.localeCompare(b.seller) || a.startMs - b.startMs);
  for (const span of sorted) {
    const last = found.at(-1);
    if (last?.seller === span.seller && span.startMs - last.endMs <= maxSeamMs) {
      last.endMs = Math.max(last.endMs, span.endMs);
    } else found.push({ ...span });
  }
  return found;
}

describe('the periods of a ledger', () => {
  let instance: DuckDBInstance;
  let connection: DuckDBConnection;
  before(async () => {
    instance = await DuckDBInstance.create(':memory:');
    connection = await instance.connect();
    await connection.run("SET TimeZone = 'UTC'");
    await ensureLedger(connection, new Map());
  });
  after(() => {
    connection.closeSync();
    instance.closeSync();
  });

  it('are those that its documents cover, however these overlap', async () => {
    await fc.assert(
      fc.asyncProperty(spans, async (all) => {
        await connection.run('DELETE FROM _loads');
        const values = all.map(
          ({ seller, startMs, endMs }) =>
            `('loaded', 'T', '${seller}', ['US'], '[{"name":"t"}]', epoch_ms(${startMs}), epoch_ms(${endMs}))`,
        );
        if (values.length > 0)
          await connection.run(
            `INSERT INTO _loads (status, report_type, seller_id, marketplace_ids, tables, data_start, data_end) VALUES ${values.join(', ')}`,
          );
        const found = (await duckDbLedger(connection).readPeriods()).map(
          ({ sellerId, dataStart, dataEnd }): Span => ({
            seller: String(sellerId),
            startMs: Date.parse(String(dataStart)),
            endMs: Date.parse(String(dataEnd)),
          }),
        );
        assert.deepEqual(found, joined(all));
      }),
      { numRuns: runs(60) },
    );
  });
});
