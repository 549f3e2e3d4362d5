import assert from 'node:assert/strict';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import pg from 'pg';
import { runs } from '../property-runs.js';
import { readColumnType } from '../../src/schema/column-type.js';
import type { ColumnType } from '../../src/schema/types.js';
import { type ArrayItem, arrayItems } from '../../src/warehouse/postgres/array-text.js';
import { castType, widenedSql } from '../../src/warehouse/postgres/column-types.js';
import { ownName } from '../../src/warehouse/postgres/sql.js';
import { tryCast } from '../../src/warehouse/postgres/try-cast.js';
import { duckDbType } from '../../src/warehouse/staging/column-types.js';
import { widened } from '../../src/warehouse/staging/widened-values.js';
import { postgresUrl } from './postgres-server.js';

describe('values of PostgreSQL', () => {
  it('that are arrays are read as they were written, whatever is in their texts', () => {
    const { item } = fc.letrec<{ item: ArrayItem }>((tie) => ({
      item: fc.oneof(
        { depthSize: 'small' },
        fc.string({ unit: fc.constantFrom('a', '"', '\\', ',', '{', '}', ' ', 'é', 'NULL', '\n') }),
        fc.constant(null),
        fc.array(tie('item'), { minLength: 1, maxLength: 3 }),
      ),
    }));
    const written = (value: ArrayItem): string => {
      if (value === null) return 'NULL';
      if (Array.isArray(value)) return `{${value.map(written).join(',')}}`;
      return `"${value.replace(/["\\]/g, '\\$&')}"`;
    };
    fc.assert(
      fc.property(fc.array(item), (value) => {
        assert.deepEqual(arrayItems(written(value)), value);
      }),
    );
    assert.deepEqual(arrayItems('[0:1]={1,-2.5}'), ['1', '-2.5']);
  });

  it('have names that PostgreSQL keeps whole, and that differ if the names of a document do', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 125 }), (name) => {
        assert.ok(Buffer.byteLength(ownName(name)) <= 63);
        assert.notEqual(ownName(`${name}x`.repeat(3)), ownName(`${name}y`.repeat(3)));
        assert.equal(ownName(ownName(name)), ownName(name));
      }),
    );
  });

  if (postgresUrl) {
    const url = postgresUrl;

    describe('compared with DuckDB', function () {
      this.timeout(60_000);
      const client = new pg.Client(url);
      let duckdb: Awaited<ReturnType<DuckDBInstance['connect']>>;

      before(async () => {
        await client.connect();
        await client.query("SET TimeZone = 'UTC'");
        // PostgreSQL computes what is constant before it runs a statement.
        await client.query('CREATE TEMP TABLE texts (text text)');
        duckdb = await (await DuckDBInstance.create(':memory:')).connect();
        await duckdb.run("SET TimeZone = 'UTC'");
      });
      after(() => client.end());

      const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
      async function both(inDuckDb: string, inPostgres: string): Promise<[unknown, unknown]> {
        const rows = await (await duckdb.run(`SELECT CAST(${inDuckDb} AS VARCHAR)`)).getRows();
        const found = await client.query({ text: `SELECT CAST(${inPostgres} AS text)`, rowMode: 'array' });
        return [rows[0]?.[0], (found.rows[0] as unknown[])[0]];
      }

      const digits = fc.stringMatching(/^-?[0-9]{1,14}(\.[0-9]{1,4})?$/);
      const times = fc
        .tuple(
          fc.date({ min: new Date('1000-01-01'), max: new Date('9999-01-01'), noInvalidDate: true }),
          fc.nat(999),
        )
        .map(([date, micros]) => `${date.toISOString().slice(0, -1)}${String(micros).padStart(3, '0')}`);
      const floats = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => String(value));
      const texts: [string, fc.Arbitrary<string>][] = [
        ['int64', fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String)],
        ['decimal(18,4)', digits],
        ['float64', fc.oneof(floats, fc.integer().map(String), digits)],
        ['bool', fc.constantFrom('true', 'false')],
        ['date', times.map((time) => time.slice(0, 10))],
        ['timestamp', times],
      ];

      it('are the same text after a column has widened to text, also in lists and empty ones', async () => {
        const shape = fc.constantFrom('plain', 'list', 'empty list', 'list to list', 'empty list to list');
        const one = fc.oneof(...texts.map(([type, text]) => fc.tuple(fc.constant(type), text, shape)));
        const list = (item: ColumnType): ColumnType => ({ kind: 'list', item }) as ColumnType;
        await fc.assert(
          fc.asyncProperty(one, async ([typeText, text, of]) => {
            const isList = of !== 'plain';
            const own = readColumnType(typeText) as ColumnType;
            const type = isList ? list(own) : own;
            const plainText: ColumnType = { kind: 'string' };
            const wide = of.endsWith('to list') ? list(plainText) : plainText;
            const plain = `CAST(${literal(text)} AS ${duckDbType(own)})`;
            const isEmpty = of.startsWith('empty');
            const ofDuckDb = isEmpty ? '[]' : isList ? `[${plain}, NULL]` : plain;
            const value = `CAST(${literal(text)} AS ${castType(own)})`;
            const ofPostgres = isList
              ? `CAST(ARRAY[${isEmpty ? '' : `${value}, NULL`}] AS ${castType(type)})`
              : value;
            const asText = (sql: string, spell: typeof widened) =>
              wide.kind === 'list' ? spell(sql, wide, plainText) : sql;
            const [expected, found] = await both(
              asText(widened(`CAST(${ofDuckDb} AS ${duckDbType(type)})`, type, wide), widened),
              asText(widenedSql(ofPostgres, type, wide), widenedSql),
            );
            assert.equal(found, expected);
          }),
          { numRuns: runs(100) },
        );
      });

      it('are NULL in a view for a text that does not fit, and never fail it', async () => {
        const cast = async (text: string, type: ColumnType) => {
          await client.query('TRUNCATE texts');
          await client.query('INSERT INTO texts VALUES ($1)', [text]);
          return client.query<{ value: unknown }>(
            `SELECT ${tryCast('texts.text', type)} AS value FROM texts`,
          );
        };
        const odd = fc.string({
          unit: fc.constantFrom('0', '1', '9', '-', '+', '.', 'e', ' ', ':', 'T', 'Z', 'x'),
          maxLength: 22,
        });
        const day = fc
          .tuple(
            fc.integer({ min: 0, max: 9999 }),
            fc.integer({ min: 0, max: 13 }),
            fc.integer({ min: 0, max: 32 }),
          )
          .map((parts) =>
            parts.map((part, index) => String(part).padStart(index === 0 ? 4 : 2, '0')).join('-'),
          );
        const any = fc.oneof(
          odd,
          day,
          day.map((text) => `${text}T23:59:60Z`),
          ...texts.map(([, text]) => text),
          fc.bigInt().map(String),
        );
        const types = texts.map(([type]) => readColumnType(type) as ColumnType);
        await fc.assert(
          fc.asyncProperty(any, fc.constantFrom(...types), async (text, type) => {
            const { rows } = await cast(text, type);
            assert.equal(rows.length, 1);
          }),
          { numRuns: runs(200) },
        );
        for (const [type, text] of [
          ['int64', '12'],
          ['decimal(18,4)', '-1.5'],
          ['date', '2024-02-29'],
          ['timestamp', '2026-01-02T03:04:05.000Z'],
          ['bool', 'true'],
          ['float64', '0.1'],
        ] as const) {
          const { rows } = await cast(text, readColumnType(type) as ColumnType);
          assert.notEqual(rows[0]?.value, null, type);
        }
      });
    });
  }
});
