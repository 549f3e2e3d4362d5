import assert from 'node:assert/strict';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import pg from 'pg';
import { from } from 'pg-copy-streams';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { runs } from '../property-runs.js';
import { readColumnType } from '../../src/schema/column-type.js';
import type { ColumnType } from '../../src/schema/types.js';
import { binaryCopy } from '../../src/warehouse/postgres/binary-copy.js';
import { postgresType } from '../../src/warehouse/postgres/column-types.js';
import { duckDbType } from '../../src/warehouse/staging/column-types.js';
import { postgresUrl } from './postgres-server.js';

if (postgresUrl) {
  const url = postgresUrl;

  describe('values sent to PostgreSQL by binary COPY', function () {
    this.timeout(120_000);
    const client = new pg.Client(url);
    let duckdb: Awaited<ReturnType<DuckDBInstance['connect']>>;

    before(async () => {
      await client.connect();
      await client.query("SET TimeZone = 'UTC'; SET extra_float_digits = 1");
      duckdb = await (await DuckDBInstance.create(':memory:')).connect();
      await duckdb.run("SET TimeZone = 'UTC'");
    });
    after(() => client.end());

    const literal = (text: string | null) => (text === null ? 'NULL' : `'${text.replaceAll("'", "''")}'`);

    /** Sends values of one type as rows, and returns what PostgreSQL has of each. */
    async function sent(typeText: string, values: (string | null | (string | null)[])[]): Promise<unknown[]> {
      const type = readColumnType(typeText) as ColumnType;
      const inDuckDb = values.map((value, index) => {
        const made = Array.isArray(value) ? `[${value.map(literal).join(', ')}]::VARCHAR[]` : literal(value);
        return `SELECT ${index} AS position, CAST(${made} AS ${duckDbType(type)}) AS value`;
      });
      const columns: { sql: string; type: ColumnType }[] = [
        { sql: 'position', type: { kind: 'int64' } },
        { sql: 'value', type },
      ];
      await client.query(`CREATE TEMP TABLE sent (at bigint, value ${postgresType(type)})`);
      try {
        await pipeline(
          Readable.from(binaryCopy(duckdb, [{ values: columns, from: `(${inDuckDb.join(' UNION ALL ')})` }])),
          client.query(from('COPY sent FROM STDIN (FORMAT binary)')),
        );
        const found = await client.query<{ value: unknown }>({
          text: `SELECT value FROM sent ORDER BY at`,
          types: { getTypeParser: () => (text: string) => text },
        } as unknown as pg.QueryConfig);
        return found.rows.map(({ value }) => value);
      } finally {
        await client.query('DROP TABLE sent');
      }
    }

    /** What PostgreSQL makes of the texts of values. */
    async function read(typeText: string, values: (string | null)[]): Promise<unknown[]> {
      const type = postgresType(readColumnType(typeText) as ColumnType);
      const found = await client.query<{ value: unknown }>({
        text: `SELECT CAST(CAST(text AS text) AS ${type.replace(/ COLLATE.*/, '')}) AS value
          FROM UNNEST(CAST($1 AS text[])) WITH ORDINALITY AS texts(text, at) ORDER BY at`,
        values: [values],
        types: { getTypeParser: () => (text: string) => text },
      } as unknown as pg.QueryConfig);
      return found.rows.map(({ value }) => value);
    }

    const decimal = (precision: number, scale: number) =>
      fc
        .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** BigInt(precision) - 1n }), fc.nat(precision))
        .map(([isNegative, digits, dropped]) => {
          // Small numbers are as frequent as large ones.
          const text = String(digits / 10n ** BigInt(dropped)).padStart(scale + 1, '0');
          const point = text.length - scale;
          const value = scale > 0 ? `${text.slice(0, point)}.${text.slice(point)}` : text;
          return isNegative && /[1-9]/.test(value) ? `-${value}` : value;
        });
    const time = fc
      .tuple(
        fc.date({ min: new Date('0001-01-02'), max: new Date('9999-12-30'), noInvalidDate: true }),
        fc.nat(999),
      )
      .map(([date, micros]) => `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}Z`);
    const text = fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 300 }),
      fc.string({ unit: fc.constantFrom('a', 'é', '語', '😀', "'", '\n', '\\', '"', ','), maxLength: 140 }),
    );
    const texts: Record<string, fc.Arbitrary<string>> = {
      string: text.map((each) => each.replaceAll('\0', '').replace(/[\ud800-\udfff]/g, (half) => half)),
      int64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
      float64: fc.oneof(
        fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
        fc.constantFrom('NaN', 'Infinity', '-Infinity', '-0'),
      ),
      bool: fc.constantFrom('true', 'false'),
      date: time.map((each) => each.slice(0, 10)),
      timestamp: time,
      json: fc.json(),
    };

    it('are those that PostgreSQL reads from their texts, of every type, NULL included', async () => {
      const types = fc.oneof(
        ...Object.entries(texts).map(([type, each]) =>
          fc.tuple(fc.constant(type), fc.array(fc.option(each), { minLength: 1, maxLength: 20 })),
        ),
        fc
          .integer({ min: 1, max: 38 })
          .chain((precision) => fc.tuple(fc.constant(precision), fc.nat(precision)))
          .chain(([precision, scale]) =>
            fc.tuple(
              fc.constant(`decimal(${precision},${scale})`),
              fc.array(fc.option(decimal(precision, scale)), { minLength: 1, maxLength: 20 }),
            ),
          ),
      );
      await fc.assert(
        fc.asyncProperty(types, async ([type, values]) => {
          assert.deepEqual(await sent(type, values), await read(type, values));
        }),
        { numRuns: runs(150) },
      );
    });

    it('are lists with the same items, empty ones and NULL included', async () => {
      const scalars = Object.entries(texts).filter(([type]) => type !== 'json');
      const types = fc.oneof(
        ...[...scalars, ['decimal(18,4)', decimal(18, 4)] as const].map(([type, each]) =>
          fc.tuple(
            fc.constant(type),
            fc.array(fc.option(fc.array(fc.option(each), { maxLength: 4 })), { minLength: 1, maxLength: 5 }),
          ),
        ),
      );
      const element = (item: string | null) =>
        item === null ? 'NULL' : `"${item.replace(/["\\]/g, '\\$&')}"`;
      await fc.assert(
        fc.asyncProperty(types, async ([type, lists]) => {
          const written = lists.map((list) => (list === null ? null : `{${list.map(element).join(',')}}`));
          assert.deepEqual(await sent(`list(${type})`, lists), await read(`list(${type})`, written));
        }),
        { numRuns: runs(50) },
      );
    });

    it('are texts of each length around those where a byte more is needed', async () => {
      const values = [0, 1, 12, 13, 126, 127, 128, 129, 255, 256, 65_535, 65_536, 1_000_000].flatMap(
        (length) => ['x'.repeat(length), 'é'.repeat(length >> 1)],
      );
      assert.deepEqual(await sent('string', values), values);
    });
  });
} else {
  it('values sent to PostgreSQL: pending, as POSTGRES_URLS is not set; see scripts/postgres');
}
