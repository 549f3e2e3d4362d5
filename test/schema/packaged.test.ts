import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { columnTypeText } from '../../src/schema/column-type.js';
import { looseHeader } from '../../src/schema/column-name.js';
import { looksPersonal } from '../../src/schema/personal-data.js';
import { checkSchemas, packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';
import { schemaJsonSchema, schemaReference } from '../../src/schema/reference.js';
import { formatProblem } from '../../src/yaml/read-yaml.js';
import { onEachCollection } from '../collections.js';

const repository = fileURLToPath(new URL('../..', import.meta.url));

describe('the packaged report schemas', () => {
  const { schemas, problems } = checkSchemas({ folders: [packagedSchemasFolder()] });

  it('have no mistakes', () => assert.deepEqual(problems.map(formatProblem), []));

  it('exist for the report types that a seller needs first', () => {
    const tables = [...schemas.values()].flatMap((schema) => schema.tables.map(({ name }) => name));
    for (const table of [
      'settlement_v2',
      'settlement_v1',
      'orders_by_last_update',
      'orders_by_order_date',
      'listings',
      'fba_inventory',
      'ledger_summary',
      'ledger_detail',
      'reimbursements',
      'customer_returns',
      'fulfilled_shipments',
      'storage_fees',
      'orders_shipping',
    ]) {
      assert.ok(tables.includes(table), table);
    }
  });

  it('give a reason for the load mode of every table', () => {
    for (const { reportType, description, tables } of schemas.values()) {
      assert.ok(description, reportType);
      for (const { load } of tables) assert.ok(load.why, reportType);
    }
  });

  it('never store money as a float, nor an id as a number', () => {
    for (const { reportType, tables } of schemas.values()) {
      for (const { name, type } of tables.flatMap(({ columns }) => columns)) {
        if (/(price|amount|fee|tax|discount|rate)$/.test(name))
          assert.notEqual(type.kind, 'float64', `${reportType} ${name}`);
        // Several ids in one value are a list.
        if (
          /(^|_)(ids?|sku|asin|fnsku|code|number)$/.test(name) &&
          !(/ids$/.test(name) && columnTypeText(type) === 'list(string)')
        )
          assert.equal(type.kind, 'string', `${reportType} ${name}`);
      }
    }
  });

  it('mark every column that has the name of personal data, and no other kind of column', () => {
    const marked: string[] = [];
    for (const { reportType, restricted, tables } of schemas.values()) {
      for (const { name, pii } of tables.flatMap(({ columns }) => columns)) {
        if (looksPersonal(name)) assert.ok(pii, `${reportType} ${name}`);
        const isPlaceOfBuyer = /^(ship|bill)(ping|ing)?(_to)?_(city|county|postal_code)$/.test(name);
        if (restricted && isPlaceOfBuyer) assert.ok(pii, `${reportType} ${name}`);
        if (pii) marked.push(name);
      }
    }
    assert.ok(marked.length > 200);
    assert.deepEqual(
      marked.filter((name) => /order_id|sku|asin|date|price|quantity|ship_from|seller|country$/.test(name)),
      [],
    );
  });

  it('are files named after their report type', () => {
    for (const { reportType, file } of schemas.values())
      assert.equal(path.basename(file), `${reportType}.yaml`);
    assert.equal(packagedSchemasFolder(), path.join(repository, 'schemas'));
  });

  it('are valid by the JSON Schema for editors', () => {
    const validate = new Ajv({ allErrors: true }).compile(schemaJsonSchema());
    for (const { file } of schemas.values()) {
      assert.ok(validate(parse(readFileSync(file, 'utf8'))), `${file}: ${JSON.stringify(validate.errors)}`);
    }
    assert.equal(validate({ reportType: 'GET_X', format: 'tsv', tabels: [] }), false);
  });

  /** Listed as requested or automatic, although a person must request them in Seller Central. */
  const onlySellerCentral = new Map(
    ['GET_DATE_RANGE_FINANCIAL_HOLDS_DATA', 'GET_FLAT_FILE_SALES_TAX_DATA'].map((type) => [
      type,
      ['seller-central'],
    ]),
  );

  onEachCollection('report-types.tsv', (list, size) => {
    it(`have the group, restriction and origin of each report type as the ${size} collection`, () => {
      const lines = readFileSync(list, 'utf8').trimEnd().split('\n').slice(1);
      let seen = 0;
      for (const line of lines) {
        const [reportType = '', category, , restricted, requestMode = ''] = line.split('\t');
        const schema = schemas.get(reportType);
        if (!schema) continue;
        seen += 1;
        assert.equal(schema.category, category, reportType);
        if (restricted !== 'unknown') assert.equal(String(schema.restricted), restricted, reportType);
        const { madeBy } = schema.request ?? {};
        if (requestMode === 'unknown') assert.equal(madeBy, undefined, reportType);
        else if (requestMode === 'mixed') assert.ok(madeBy?.includes('requested'), reportType);
        else assert.deepEqual(madeBy, onlySellerCentral.get(reportType) ?? [requestMode], reportType);
      }
      const minimum = { small: 42, large: 139 }[size];
      assert.ok(seen >= minimum, `${seen} types`);
    });
  });

  onEachCollection('report-columns', (folder, size) => {
    it(`know every header that the ${size} collection has for their report types`, () => {
      let seen = 0;
      for (const { reportType, tables } of schemas.values()) {
        const list = path.join(folder, `${reportType}.tsv`);
        if (!existsSync(list)) continue;
        const known = new Set(
          tables.flatMap(({ columns }) => columns.flatMap(({ from }) => from.map(looseHeader))),
        );
        const headers = readFileSync(list, 'utf8')
          .trimEnd()
          .split('\n')
          .slice(1)
          .map((line) => line.split('\t')[0] ?? '');
        seen += headers.length;
        assert.deepEqual(
          headers.filter((header) => !known.has(looseHeader(header))),
          [],
          reportType,
        );
      }
      const minimum = { small: 200, large: 301 }[size];
      assert.ok(seen >= minimum, `${seen} headers`);
    });
  });
});

describe('the page on report schemas', () => {
  it('has examples that pass the check', () => {
    const examples = [...schemaReference().matchAll(/```yaml\n(.*?)```/gs)].map(([, text]) => text ?? '');
    assert.ok(examples.length > 0);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'examples-'));
    for (const [index, text] of examples.entries()) writeFileSync(path.join(folder, `${index}.yaml`), text);
    assert.ok(readSchemas({ folders: [folder] }).size > 0);
    rmSync(folder, { recursive: true });
  });

  it('has every key', () => {
    const page = schemaReference();
    for (const key of [
      'reportType',
      'quoting',
      'restricted',
      'partitionBy',
      'dateOrder',
      'nullTexts',
      'mode',
      'key',
      'why',
      'from',
    ]) {
      assert.ok(page.includes(`| \`${key}\` |`), key);
    }
  });
});
