import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { ReportsError } from '../../src/errors/reports-error.js';
import { type MaskedRelation, maskQuery } from '../../src/privacy/mask-query.js';
import { isHarmlessTableFunction } from '../../src/warehouse/duckdb/query-functions.js';
import { openDuckDbWarehouse } from '../../src/warehouse/duckdb/warehouse.js';
import { identifier } from '../../src/warehouse/staging/sql.js';
import type { Warehouse } from '../../src/warehouse/types.js';
import { makeLoad } from '../warehouse/make-load.js';

const secret = 'ann@buyer.example';
const masked: MaskedRelation[] = [
  { name: 'orders', columns: ['id', 'total'], hidden: ['buyer_email'] },
  { name: 'buyers', columns: [], hidden: ['buyer_email'] },
];

describe('a query without personal data', () => {
  let folder: string;
  let warehouse: Warehouse;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'mask-'));
    warehouse = openDuckDbWarehouse({ path: join(folder, 'reports.duckdb'), isPreemptible: true });
    const columns = { id: 'string', total: 'int64', buyer_email: 'string' };
    const rows = [
      { id: 'a', total: '1', buyer_email: secret },
      { id: 'b', total: '2', buyer_email: secret },
    ];
    await warehouse.commit([
      await makeLoad(folder, { documentId: 'd1' }, [
        { name: 'orders', columns, rows },
        { name: 'buyers', columns: { buyer_email: 'string' }, rows },
        { name: 'plain', columns: { id: 'string' }, rows: [{ id: 'a' }] },
      ]),
    ]);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const answer = async (sql: string) =>
    (await warehouse.query(maskQuery(sql, masked, identifier))).rows.map((row) => Object.values(row));

  it('has all other columns and rows, however it is written', async () => {
    for (const [sql, expected] of [
      [
        'SELECT * FROM orders ORDER BY id',
        [
          ['a', '1'],
          ['b', '2'],
        ],
      ],
      [
        '-- all\n/* of them */ FROM orders ORDER BY id;',
        [
          ['a', '1'],
          ['b', '2'],
        ],
      ],
      ['WITH o AS (SELECT * FROM ORDERS) SELECT max(total) FROM o', [['2']]],
      [
        'with recursive n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2) SELECT max(i) FROM n JOIN "orders" ON true',
        [[2]],
      ],
      ['(SELECT id FROM orders WHERE total = 2)', [['b']]],
      ['SELECT o.id FROM orders o JOIN plain p ON o.id = p.id', [['a']]],
      ["SELECT 'orders' AS word, count(*) FROM plain", [['orders', '1']]],
      ['SELECT id, count(*) OVER () FROM plain', [['a', '1']]],
      ['VALUES (1)', [[1]]],
    ] as const)
      assert.deepEqual(await answer(sql), expected, sql);
  });

  /** Ways to the values that are known, in DuckDB. */
  const attempts = [
    'SELECT buyer_email FROM orders',
    'SELECT o.buyer_email FROM orders AS o',
    'SELECT o FROM orders o',
    'FROM orders SELECT COLUMNS(c -> true)',
    'SELECT * FROM buyers',
    'FROM buyers SELECT buyer_email',
    'SELECT * FROM main.orders',
    'SELECT * FROM main."orders"',
    'SELECT * FROM reports.main.orders',
    'SELECT * FROM main./* */orders',
    'SELECT * FROM main.--x\rorders',
    "SELECT * FROM query_table/*a*/(['ord'||'ers'])",
    "SELECT * FROM query/*a*/('FROM ord'||'ers')",
    "SELECT * FROM pragma_storage_info/*a*/('orders')",
    '-- a\rFROM main.orders',
    'SELECT * FROM main.--\norders',
    "SELECT * FROM query('SELECT * FROM main' || '.' || 'orders')",
    "SELECT * FROM query /* */ ('FROM ord' || 'ers')",
    "SELECT * FROM query_table('ord' || 'ers')",
    "SELECT * FROM query_table(['buyers'])",
    "SELECT * FROM histogram('orders', buyer_email)",
    "SELECT * FROM histogram_values('orders', buyer_email)",
    'SELECT * FROM summary((FROM orders))',
    "SELECT * FROM pragma_storage_info('orders')",
    "SELECT * FROM duckdb_table_sample('orders')",
    'SUMMARIZE orders',
    'FROM (SUMMARIZE orders)',
    'FROM (DESCRIBE orders)',
    'SHOW TABLES',
    'EXPLAIN ANALYZE SELECT * FROM main.orders',
    'PIVOT orders ON buyer_email USING count(*)',
    'FROM (PIVOT orders ON buyer_email USING count(*))',
    'WITH orders AS (SELECT * FROM orders) SELECT * FROM orders',
    'WITH x AS (SELECT * FROM orders) SELECT * FROM x',
    'SELECT (SELECT max(buyer_email) FROM orders)',
    'SELECT * FROM plain WHERE id IN (SELECT buyer_email FROM orders)',
    'SELECT * FROM plain p, LATERAL (SELECT * FROM orders) l',
    "SELECT * FROM 'orders'",
    'TABLE orders',
    '(TABLE orders)',
    'SELECT 1; SELECT * FROM orders',
    'SELECT * FROM plain UNION ALL SELECT buyer_email FROM orders',
    'SELECT * FROM orders POSITIONAL JOIN buyers',
    'SELECT * FROM orders AT (VERSION => 1)',
    'WITH RECURSIVE orders AS (SELECT * FROM orders) SELECT * FROM orders',
  ];

  for (const sql of attempts)
    it(`does not show them to ${sql.replaceAll(/[\r\n]/g, ' ')}`, async () => {
      const found = await answer(sql).catch((error: Error) => {
        assert.ok(error instanceof ReportsError, String(error));
        return error.message;
      });
      assert.ok(!JSON.stringify(found).includes(secret), JSON.stringify(found));
    });

  it('never shows them in a function of DuckDB that a query may call', async () => {
    const { rows } = await warehouse.query(
      "SELECT DISTINCT function_name AS name FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro') ORDER BY 1",
    );
    const allowed = rows.map(({ name }) => String(name)).filter(isHarmlessTableFunction);
    assert.ok(allowed.length > 20);
    const calls = allowed.flatMap((name) => [
      `SELECT * FROM "${name}"('orders')`,
      `SELECT * FROM "${name}"('orders', 'buyer_email')`,
    ]);
    for (const call of calls) {
      const found = await answer(call).catch((error: Error) => error.message);
      assert.ok(!JSON.stringify(found).includes(secret), `${call}: ${JSON.stringify(found)}`);
    }
  });

  it('is refused rather than answered with them, for parts of queries in any order', async () => {
    const parts = fc.constantFrom(
      ...['SELECT', '*', 'FROM', 'orders', 'buyer_email', 'WITH', 'x', 'AS', '(', ')', 'main.', '"orders"'],
      ...[
        ',',
        'JOIN',
        'ON true',
        ';',
        '--\n',
        '/* */',
        'UNION ALL',
        'buyers',
        'plain',
        "'orders'",
        '.',
        'LIMIT 1',
      ],
    );
    const text = fc.array(parts, { minLength: 2, maxLength: 14 }).map((words) => words.join(' '));
    const queries = fc.oneof(
      text,
      text.map((rest) => `SELECT * FROM ${rest}`),
    );
    await fc.assert(
      fc.asyncProperty(queries, async (sql) => {
        const found = await answer(sql).catch(() => 'refused');
        assert.ok(!JSON.stringify(found).includes(secret), JSON.stringify(found));
      }),
      { numRuns: 60 },
    );
  });

  it('names what it refused and what to write', () => {
    for (const [sql, message] of [
      ['DESCRIBE orders', 'running the query: personal data is hidden here, and it begins with "DESCRIBE"'],
      [
        'SELECT * FROM main.orders',
        'running the query: personal data is hidden here, and it names orders after a dot',
      ],
      [
        'SELECT * FROM `sales.ord*`',
        'running the query: personal data is hidden here, and "`sales.ord*`" may show personal data',
      ],
      [
        "SELECT word FROM ts_stat('SELECT array_to_tsvector(ARRAY[buyer_email]) FROM orders')",
        'running the query: personal data is hidden here, and "ts_stat" may show personal data',
      ],
      [
        'SELECT * FROM pg_stat_get_activity(NULL)',
        'running the query: personal data is hidden here, and "pg_stat_get_activity" may show personal data',
      ],
      [
        'SELECT * FROM sales.# x\n orders',
        'running the query: personal data is hidden here, and it names orders after a dot',
      ],
      [
        'SELECT * FROM pg_stats',
        'running the query: personal data is hidden here, and "pg_stats" may show personal data',
      ],
      [
        'SELECT * FROM U&"\\006frders"',
        'running the query: personal data is hidden here, and "U&"" may show personal data',
      ],
    ] as const)
      assert.throws(() => maskQuery(sql, masked, identifier), { message });
  });
});
