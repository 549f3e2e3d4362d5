import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { looseHeader, snakeCaseName } from '../../src/schema/column-name.js';
import { defaultTableName, type SampleSummary, schemaYaml } from '../../src/schema/infer.js';
import { checkSchemas } from '../../src/schema/read.js';
import type { ColumnType, ReportSchema, ResolvedColumn } from '../../src/schema/types.js';
import { formatProblem } from '../../src/yaml/read-yaml.js';
import { runs } from '../property-runs.js';

describe('a report schema inferred from a document', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'infer-'));
  after(() => rmSync(folder, { recursive: true }));

  /** The YAML for a sample of two rows with every cell filled. */
  function yamlFor(
    { format, quoting }: Pick<SampleSummary, 'format' | 'quoting'>,
    columns: ResolvedColumn[],
    keyCandidates: string[][] = [],
  ): string {
    const filled = columns.map((column) => ({ ...column, filled: 2 }));
    return schemaYaml({
      reportType: 'GET_TEST_DATA',
      format,
      quoting,
      tables: [{ name: 'test_data', rows: 2, columns: filled, keyCandidates, keyRows: 2 }],
    });
  }

  function columnsFor(headers: string[], types: ColumnType[]): ResolvedColumn[] {
    const taken = new Set<string>();
    return headers.map((header, index) => ({
      name: snakeCaseName(header, taken, index + 1),
      header,
      type: types[index % types.length] as ColumnType,
      origin: 'inferred',
    }));
  }

  function readBack(text: string): ReportSchema | undefined {
    writeFileSync(path.join(folder, 'a.yaml'), text);
    const { schemas, problems } = checkSchemas({ folders: [folder] });
    assert.deepEqual(problems.map(formatProblem), [], text);
    return schemas.get('GET_TEST_DATA');
  }

  it('is a file that people can read', () => {
    const text = yamlFor(
      { format: 'tsv', quoting: 'none' },
      columnsFor(['Order ID', 'price'], [{ kind: 'string' }, { kind: 'decimal', precision: 18, scale: 4 }]),
    );
    assert.equal(
      text,
      `reportType: GET_TEST_DATA
description: Columns and types as found in one document; check them, and describe here what a row is.
format: tsv
quoting: none
restricted: false
tables:
  - name: test_data
    load: { mode: append }
    columns:
      - { name: order_id, from: Order ID, type: string }
      - { name: price, from: price, type: "decimal(18,4)" }
`,
    );
  });

  it('leaves repeated and nameless headers to the load, which adds them', () => {
    const columns = columnsFor(['a', 'not applicable', '', 'Not-Applicable'], [{ kind: 'string' }]);
    const schema = readBack(yamlFor({ format: 'csv', quoting: 'csv' }, columns));
    assert.deepEqual(
      schema?.tables[0]?.columns.map(({ name }) => name),
      ['a', 'not_applicable'],
    );
  });

  it('passes the check and means the same when read, whatever the headers', () => {
    const type = fc.constantFrom<ColumnType>(
      { kind: 'string' },
      { kind: 'int64' },
      { kind: 'timestamp' },
      { kind: 'decimal', precision: 38, scale: 10 },
    );
    const headers = fc.uniqueArray(fc.string({ unit: 'grapheme', minLength: 1 }), {
      selector: looseHeader,
      minLength: 1,
      maxLength: 12,
    });
    fc.assert(
      fc.property(headers, fc.array(type, { minLength: 1, maxLength: 3 }), (found, types) => {
        const kept = found.filter((header) => looseHeader(header) !== '');
        fc.pre(kept.length > 0);
        const columns = columnsFor(kept, types);
        const schema = readBack(yamlFor({ format: 'tsv', quoting: 'outer' }, columns));
        assert.equal(schema?.quoting, 'outer');
        assert.deepEqual(
          schema?.tables[0]?.columns,
          columns.map(({ name, header, type: kind }) => ({ name, from: [header], type: kind })),
        );
      }),
      { numRuns: runs(40) },
    );
  });

  it('notes what the sample shows about empty cells and keys', () => {
    const [id, note] = columnsFor(['id', 'note'], [{ kind: 'string' }]) as [ResolvedColumn, ResolvedColumn];
    const text = schemaYaml({
      reportType: 'GET_TEST_DATA',
      format: 'xlsx',
      tables: [
        {
          name: 'test_data',
          rows: 5,
          columns: [
            { ...id, filled: 5 },
            { ...note, filled: 2 },
          ],
          keyCandidates: [['id'], ['note', 'day']],
          keyRows: 4,
        },
      ],
    });
    assert.match(
      text,
      /# No two of the first 4 rows of the sample have the same \[id\], or the same \[note, day\]\.\n +load:/,
    );
    assert.deepEqual(
      readBack(text)?.tables[0]?.columns.map(({ description }) => description),
      [undefined, 'Filled in 2 of 5 rows of the sample.'],
    );
  });

  it('has the path of the rows if the document is JSON', () => {
    const columns = columnsFor(['a.b'], [{ kind: 'int64' }]).map((column) => ({ ...column, filled: 2 }));
    const table = { name: 'test_data', rowsPath: 'items', rows: 2, columns, keyCandidates: [], keyRows: 2 };
    const schema = readBack(schemaYaml({ reportType: 'GET_TEST_DATA', format: 'json', tables: [table] }));
    assert.equal(schema?.tables[0]?.rows, 'items');
    assert.deepEqual(schema?.tables[0]?.columns[0]?.from, ['a.b']);
  });

  it('names its table after the report type', () => {
    assert.equal(defaultTableName('GET_MERCHANT_LISTINGS_DATA'), 'merchant_listings_data');
    assert.equal(defaultTableName('_GET_MERCHANT_LISTINGS_DATA_'), 'merchant_listings_data');
    assert.equal(defaultTableName('SC_VAT_TAX_REPORT'), 'sc_vat_tax_report');
    assert.equal(defaultTableName('GET_'), 'report');
  });
});
