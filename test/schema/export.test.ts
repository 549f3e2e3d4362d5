import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse } from 'yaml';
import { packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { readViews } from '../../src/schema/views.js';
import { listings, listingsType, type Ran, runInProcess } from '../ingest/world.js';

/**
 * A field as BigQuery's REST reference describes TableFieldSchema, as far as report schemas use it.
 */
const bigQueryFields = {
  type: 'array',
  minItems: 9,
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'type', 'mode'],
    properties: {
      name: {
        type: 'string',
        pattern: '^(?!_TABLE_|_FILE_|_PARTITION|_ROW_TIMESTAMP|__ROOT__|_COLIDENTIFIER).{1,300}$',
      },
      type: {
        enum: ['STRING', 'INTEGER', 'FLOAT', 'BOOLEAN', 'DATE', 'TIMESTAMP', 'JSON', 'NUMERIC', 'BIGNUMERIC'],
      },
      mode: { enum: ['NULLABLE', 'REQUIRED', 'REPEATED'] },
      description: { type: 'string', maxLength: 1024 },
      precision: { type: 'string', pattern: '^\\d+$' },
      scale: { type: 'string', pattern: '^\\d+$' },
    },
  },
};

describe('exported report schemas', () => {
  let folder: string;
  const tables = [...readSchemas({ folders: [packagedSchemasFolder()] }).values()].flatMap(
    (each) => each.tables,
  );
  const histories = tables.filter(({ history }) => history);
  const all = [...tables.map(({ name }) => name), ...histories.map(({ name }) => `${name}_history`)];

  const run = (...args: string[]): Promise<Ran> => runInProcess(args, { env: {}, cwd: folder });
  const exported = async (format: string, ...more: string[]) => {
    const { stdout, code, stderr } = await run('schemas', 'export', '--format', format, ...more);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  const ajv = () => {
    const validator = new Ajv({ allErrors: true, strict: true, allowUnionTypes: true });
    addFormats.default(validator);
    return validator;
  };

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-test-'));
    writeFileSync(join(folder, 'listings.tsv'), listings(2));
    assert.equal((await run('load', 'listings.tsv', '--type', listingsType)).code, 0);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('make the same tables and histories in DuckDB as loads, with comments', async () => {
    const columnsOf = `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name IN ('listings', 'listings_history') ORDER BY table_name, column_index`;
    const loaded = JSON.parse((await run('query', '--json', columnsOf)).stdout);

    const connection = await (await DuckDBInstance.create(':memory:')).connect();
    await connection.run(await exported('ddl'));
    const made = await connection.runAndReadAll(columnsOf);
    assert.deepEqual(made.getRowObjects(), loaded);
    const counts = await connection.runAndReadAll(
      `SELECT count(*)::INT, count(comment)::INT FROM duckdb_tables() UNION ALL SELECT count(*)::INT, count(comment)::INT FROM duckdb_columns() WHERE NOT internal AND NOT ends_with(table_name, '_history')`,
    );
    const columns = tables.reduce((sum, table) => sum + table.columns.length + 8, 0);
    assert.deepEqual(counts.getRows(), [
      [all.length, all.length],
      [columns, columns],
    ]);
    connection.closeSync();
  });

  it('have an index in PostgreSQL by which commits find the rows of a history that may change', async () => {
    const ddl = await exported('postgres', '--type', listingsType);
    assert.match(ddl, /CREATE INDEX ON "listings_history" \(valid_to\)/);
    assert.doesNotMatch(ddl, /CREATE INDEX ON "listings" \(valid_to\)/);
  });

  it('are table schemas that BigQuery accepts', async () => {
    const validate = ajv().compile(bigQueryFields);
    const schemas = JSON.parse(await exported('bigquery')) as Record<string, unknown>;
    assert.deepEqual(Object.keys(schemas).sort(), all.toSorted());
    for (const [name, schema] of Object.entries(schemas)) {
      assert.ok(validate(schema), `${name}: ${JSON.stringify(validate.errors)}`);
    }
    const one = JSON.parse(await exported('bigquery', '--type', listingsType)) as Record<string, unknown>[];
    const field = (name: string) => {
      const { description: _, ...rest } = one.find((each) => each.name === name) ?? {};
      return rest;
    };
    assert.deepEqual(field('price'), {
      name: 'price',
      type: 'NUMERIC',
      mode: 'NULLABLE',
      precision: '18',
      scale: '4',
    });
    assert.deepEqual(field('_marketplace_ids'), {
      name: '_marketplace_ids',
      type: 'STRING',
      mode: 'REPEATED',
    });
  });

  it('keep lists as lists', async () => {
    const type = ['--type', 'GET_COUPON_PERFORMANCE_REPORT'];
    interface Column {
      name: string;
      description?: string;
      data_type?: string;
    }
    const named = (columns: Column[]) => columns.find(({ name }) => name === 'marketplace_ids');
    const { coupon_campaigns: fields } = JSON.parse(await exported('bigquery', ...type));
    const { description: _, ...field } = named(fields) ?? {};
    assert.deepEqual(field, { name: 'marketplace_ids', type: 'STRING', mode: 'REPEATED' });
    const [source] = parse(await exported('dbt', ...type)).sources;
    assert.equal(named(source.tables[0].columns)?.data_type, 'VARCHAR[]');
    assert.match(await exported('ddl', ...type), /"marketplace_ids" VARCHAR\[\]/);
    const { definitions } = JSON.parse(await exported('jsonschema', ...type));
    const { description: __, ...property } = definitions.coupon_campaigns.properties.marketplace_ids;
    assert.deepEqual(property, { type: ['array', 'null'], items: { type: ['string', 'null'] } });
  });

  it('are sources of dbt, with descriptions and tests, and with the views', async () => {
    const [source] = parse(await exported('dbt')).sources;
    const views = readViews({ folders: [packagedSchemasFolder()] }, new Map());
    assert.equal(source.tables.length, all.length + views.length);
    for (const table of source.tables.slice(0, all.length)) {
      assert.ok(table.description);
      for (const column of table.columns) assert.ok(column.description && column.data_type, column.name);
    }
    for (const view of source.tables.slice(all.length)) {
      assert.ok(view.description && view.columns.length > 3, view.name);
      for (const column of view.columns) assert.ok(column.description, column.name);
    }
    const orders = source.tables.find((table: { name: string }) => table.name === 'orders_by_last_update');
    const testsOf = (name: string) =>
      orders.columns.find((column: { name: string }) => column.name === name).data_tests;
    assert.deepEqual(testsOf('_document_id'), ['not_null']);
    assert.deepEqual(testsOf('amazon_order_id'), [{ not_null: { config: { severity: 'warn' } } }]);
    assert.equal(testsOf('asin'), undefined);
  });

  it('are JSON Schemas of the rows that query prints', async () => {
    const rows = JSON.parse((await run('query', '--json', 'SELECT * FROM listings')).stdout);
    assert.equal(rows.length, 2);
    const one = ajv().compile(JSON.parse(await exported('jsonschema', '--type', listingsType)));
    for (const row of rows) assert.ok(one(row), JSON.stringify(one.errors));
    assert.equal(one({ ...rows[0], _row: null }), false);
    assert.equal(one({ ...rows[0], price: 'free' }), false);

    const validator = ajv().addSchema(JSON.parse(await exported('jsonschema')), 'reports');
    for (const name of all) assert.ok(validator.getSchema(`reports#/definitions/${name}`), name);
    assert.ok(validator.validate('reports#/definitions/listings', rows[0]));
  });

  it('are refused for a type without a schema, or with unknown columns', async () => {
    const unknown = await run(
      'schemas',
      'export',
      '--format',
      'ddl',
      '--type',
      'GET_MERCHANT_LISTINGS_ALL_DAT',
    );
    assert.deepEqual([unknown.code, unknown.stdout], [2, '']);
    const inferred = await run('schemas', 'export', '--format', 'ddl', '--type', 'FEE_DISCOUNTS_REPORT');
    assert.equal(inferred.code, 2);
    assert.match(inferred.stderr, /its schema has no columns to export/);
  });
});
