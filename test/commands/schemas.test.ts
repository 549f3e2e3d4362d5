import assert from 'node:assert/strict';
import { mkdirSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { parse } from 'yaml';
import writeWorkbook from 'write-excel-file/node';
import { commandFolder } from './command-folder.js';

describe('the commands for report schemas:', () => {
  const { file, path, query, run } = commandFolder();

  describe('for a type with unknown columns,', () => {
    const type = 'GET_EPR_MONTHLY_REPORTS';

    it('show says so, and how its reports are made', async () => {
      const { stdout } = await run('schemas', 'show', type);
      assert.match(stdout, /Made: on request, in Seller Central or by createReport/);
      assert.match(
        stdout,
        /Table epr_monthly_reports, append: columns and types are taken from each document/,
      );
    });

    it('load infers columns and types from the document', async () => {
      file('epr.csv', 'Country,Category,Weight kg,ASIN\nDE,Paper,12.5,B1\nFR,"Wood, old",3,B2\n');
      assert.equal((await run('load', 'epr.csv', '--type', type)).code, 0);
      assert.deepEqual(await query('SELECT country, category, weight_kg, asin FROM epr_monthly_reports'), [
        { country: 'DE', category: 'Paper', weight_kg: '12.5000', asin: 'B1' },
        { country: 'FR', category: 'Wood, old', weight_kg: '3.0000', asin: 'B2' },
      ]);
    });

    it('load recognizes a workbook by its bytes, gzipped or not', async () => {
      const rows = [
        ['SKU', 'Fee', 'Note'],
        ['007', 1.5, 'é'],
      ];
      const workbook = await writeWorkbook(rows).toBuffer();
      file('fees.bin', workbook);
      file('fees.gz', gzipSync(workbook));
      for (const name of ['fees.bin', 'fees.gz']) {
        const { stdout } = await run('load', name, '--type', 'FEE_DISCOUNTS_REPORT', '--json');
        assert.deepEqual(JSON.parse(stdout).notes, []);
      }
      assert.deepEqual(await query('SELECT DISTINCT sku, fee, note FROM fee_discounts_report'), [
        { sku: '007', fee: '1.5000', note: 'é' },
      ]);
      assert.deepEqual(await query('SELECT DISTINCT charset, rejects FROM _loads'), [
        { charset: 'binary', rejects: '0' },
      ]);
    });

    it('load treats a JSON document like one of a type without a schema', async () => {
      mkdirSync(path('schemas'));
      file('schemas/a.yaml', 'reportType: GET_TEST_DATA\nformat: json\n');
      file('a.json', '{"at":{"day":"2026-01-01"},"items":[{"id":"a"}]}');
      assert.equal((await run('load', 'a.json', '--type', 'GET_TEST_DATA')).code, 0);
      assert.deepEqual(await query('SELECT id, at_day FROM test_data, test_data_header'), [
        { id: 'a', at_day: '2026-01-01' },
      ]);
    });

    it('load records a document with only a header as empty, not as an error', async () => {
      file('epr.csv', 'Country,Category,Weight kg,ASIN\n');
      const { stdout } = await run('load', 'epr.csv', '--type', type, '--json');
      assert.equal(JSON.parse(stdout).status, 'empty');
    });
  });

  const removals = `reportType: GET_TEST_DATA
format: tsv
tables:
  - name: removals
    load: { mode: merge, key: [order_id, day] }
    columns:
      - { name: order_id, from: order-id, type: string }
      - { name: day, from: day, type: date }
      - { name: fee, from: fee, type: 'decimal(18,4)' }
      - { name: note, from: note, type: string }
`;

  describe('schemas check with a sample', () => {
    const check = async (text: string, ...more: string[]) => {
      file('removals.yaml', removals);
      file('sample.gz', gzipSync(text));
      return run('schemas', 'check', 'removals.yaml', '--sample', 'sample.gz', ...more);
    };

    it('reports that the sample fits', async () => {
      const { stdout, code } = await check('order-id\tday\tfee\n1\t2026-01-01\t2.5\n1\t2026-01-02\t2.5\n');
      assert.equal(code, 0);
      assert.match(stdout, /2 rows for removals\n {2}key order_id, day: unique for every row/);
      assert.match(stdout, /columns not in the document: note\nThe document fits the schema\.\n$/);
    });

    it('reports rejects, unknown headers, empty columns and duplicate keys, and ends with code 1', async () => {
      const text = 'order-id\tday\tfee\tnote\tnew one\n1\t2026-01-01\tfree\t\tx\n1\t2026-01-01\t2,50\t\ty\n';
      const { stdout, code } = await check(text, '--marketplace', 'DE');
      assert.equal(code, 1);
      assert.match(stdout, /columns without a value: note/);
      assert.match(
        stdout,
        /key order_id, day: 1 row with the same values as an earlier row, such as 1, 2026-01-01/,
      );
      assert.match(stdout, /rejected, fee: 1 expected decimal\(18,4\), such as "free"/);
      assert.match(stdout, /columns that the schema does not know: new one/);
      const { sample } = JSON.parse((await check(text, '--marketplace', 'DE', '--json')).stdout);
      assert.equal(sample.isWell, false);
      assert.deepEqual(sample.tables, [
        {
          name: 'removals',
          rows: 2,
          unknownHeaders: ['new one'],
          missingColumns: [],
          emptyColumns: ['note'],
          key: { columns: ['order_id', 'day'], doubledRows: 1, examples: [['1', '2026-01-01']] },
        },
      ]);
    });

    it('accepts a key that several rows share on purpose', async () => {
      file('removals.yaml', removals.replace('merge', 'replace'));
      file('sample.tsv', 'order-id\tday\tfee\n1\t2026-01-01\t1\n1\t2026-01-01\t2\n');
      const { stdout, code } = await run('schemas', 'check', 'removals.yaml', '--sample', 'sample.tsv');
      assert.equal(code, 0);
      assert.match(stdout, /1 row with the same values as an earlier row/);
    });

    it('refuses a document of another type, and a sample without a schema', async () => {
      const { stderr, code } = await check('sku\tprice\n1\t2\n');
      assert.equal(code, 1);
      assert.match(stderr, /its schema knows none of the headers/);
      assert.equal((await run('schemas', 'check', '--sample', 'sample.gz')).code, 2);
    });
  });

  it('schemas check of one file reports only its mistakes', async () => {
    file('removals.yaml', removals.replace('order_id, day', 'order_idd'));
    const { stderr, code } = await run('schemas', 'check', 'removals.yaml');
    assert.equal(code, 2);
    assert.match(stderr, /1 mistake found\n.*removals\.yaml:5:32 .*did you mean "order_id"\?/);
    file('removals.yaml', removals);
    assert.equal((await run('schemas', 'check', 'removals.yaml')).stdout, 'removals.yaml: no mistakes\n');
  });

  describe('schemas infer', () => {
    it('writes a schema that its sample passes, and notes empty cells and keys', async () => {
      file(
        'GET_NEW_DATA.tsv',
        'order-id\tday\tfee\tnote\n1\t2026-01-01\t3\t\n1\t2026-01-02\t2.5\tx\n2\t2026-01-01\t0\t\n',
      );
      const { stdout } = await run('schemas', 'infer', 'GET_NEW_DATA.tsv');
      assert.match(stdout, /No two of the 3 rows of the sample have the same \[order_id, day\]\./);
      assert.match(stdout, /from: note, type: string, description: Filled in 1 of 3 rows of the sample\./);
      file('new.yaml', stdout);
      assert.equal((await run('schemas', 'check', 'new.yaml', '--sample', 'GET_NEW_DATA.tsv')).code, 0);
    });

    for (const [name, content, paths] of [
      [
        'GET_NEW_DATA.json',
        '{"at":{"day":"2026-01-01"},"items":[{"id":"a","units":{"sold":2}}]}',
        ['items', '$'],
      ],
      [
        'GET_NEW_DATA.xml',
        '<R><Item id="a"><Sold>2</Sold></Item><Item id="b"><Sold>3</Sold></Item></R>',
        ['Item'],
      ],
    ] as const) {
      it(`writes a schema with paths for ${name}`, async () => {
        file(name, content);
        const { stdout } = await run('schemas', 'infer', name);
        assert.deepEqual(
          parse(stdout).tables.map((table: { rows: string }) => table.rows),
          paths,
        );
        file('new.yaml', stdout);
        const { stdout: checked, code } = await run('schemas', 'check', 'new.yaml', '--sample', name);
        assert.equal(code, 0, checked);
      });
    }

    it('says if the type already has a schema, and with which tables', async () => {
      file('GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2.tsv', 'settlement-id\tamount\n1\t2\n');
      const { stderr } = await run('schemas', 'infer', 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2.tsv');
      assert.match(stderr, /already has a schema, with settlement_v2\. Yours replaces it/);
    });

    it('says if there is nothing to infer from', async () => {
      file('GET_NEW_DATA.tsv', '');
      const { stdout, stderr, code } = await run('schemas', 'infer', 'GET_NEW_DATA.tsv');
      assert.deepEqual([stdout, code], ['', 2]);
      assert.match(stderr, /the document has no tables to draft a schema from/);
    });
  });

  describe('schemas drift', () => {
    const type = 'GET_TEST_DATA';
    const load = async (name: string, content: string) => {
      file(name, content);
      assert.equal((await run('load', name, '--type', type)).code, 0);
    };
    const drift = async () =>
      JSON.parse((await run('schemas', 'drift', '--json')).stdout) as Record<string, unknown>[];
    const summarize = (drifts: Record<string, unknown>[]) =>
      drifts.map(({ kind, column, header, documents, ofDocuments, examples }) => ({
        kind,
        column,
        header,
        seen: `${documents} of ${ofDocuments}`,
        examples,
      }));
    const expected = [
      {
        kind: 'added',
        column: 'paid_on',
        header: 'Paid on',
        seen: '1 of 2',
        examples: ['2026-01-03', '2026-01-04'],
      },
      { kind: 'added', column: 'refund', header: 'refund', seen: '2 of 2', examples: ['1.5', '2'] },
      { kind: 'missing', column: 'note', header: undefined, seen: '1 of 2', examples: [] },
    ];

    beforeEach(async () => {
      mkdirSync(path('schemas'));
      file('schemas/GET_TEST_DATA.yaml', removals);
      await load('a.tsv', 'order-id\tday\tfee\tnote\trefund\n1\t2026-01-01\t1\tx\t1.5\n');
      await load(
        'b.tsv',
        'order-id\tday\tfee\trefund\tPaid on\n2\t2026-01-01\t1\t2\t2026-01-03\n3\t2026-01-01\t1\t2\t2026-01-04\n',
      );
    });

    it('reports unknown headers and missing columns with examples, also after reload and rebuild', async () => {
      assert.deepEqual(summarize(await drift()), expected);
      assert.equal((await run('reload', '--type', type)).code, 0);
      assert.deepEqual(summarize(await drift()), expected);
      assert.equal((await run('rebuild')).code, 0);
      assert.deepEqual(summarize(await drift()), expected);
      const { stdout } = await run('schemas', 'drift');
      assert.match(stdout, /GET_TEST_DATA +removals +unknown header refund +2 of 2 +\d{4}-\d\d-\d\d/);
    });

    it('does not report a column that documents of a seller and marketplace never had', async () => {
      await load('c.tsv', 'order-id\tday\tfee\tnote\n4\t2026-01-05\t1\tx\n');
      file('schemas/GET_TEST_DATA.yaml', removals.replace('note, from: note', 'memo, from: memo'));
      const loadFrom = async (name: string, marketplace: string, header: string) => {
        file(name, `${header}\n5\t2026-01-06\t1\t2\n`);
        const { code } = await run('load', name, '--type', type, '--marketplace', marketplace);
        assert.equal(code, 0);
      };
      const missing = async () =>
        (await drift()).filter(({ kind }) => kind === 'missing').map(({ column }) => column);
      await loadFrom('d.tsv', 'US', 'order-id\tday\tfee\trefund');
      await loadFrom('e.tsv', 'DE', 'order-id\tday\tfee\tmemo');
      assert.deepEqual(await missing(), ['note']);
      await loadFrom('f.tsv', 'DE', 'order-id\tday\tfee\trefund');
      assert.deepEqual(await missing(), ['memo', 'note']);
    });

    it('prints the lines to add to the schema', async () => {
      const { stdout } = await run('schemas', 'drift', '--yaml');
      const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      assert.deepEqual(lines, [
        '      - { name: paid_on, from: Paid on, type: date }',
        '      - { name: refund, from: refund, type: "decimal(23,4)" }',
      ]);
      file('schemas/GET_TEST_DATA.yaml', `${removals}${lines.join('\n')}\n`);
      assert.equal((await run('reload', '--type', type)).code, 0);
      assert.deepEqual(
        summarize(await drift()).filter(({ kind }) => kind === 'added'),
        [],
      );
      assert.equal((await run('rebuild')).code, 0);
      assert.deepEqual(
        await query(
          `SELECT DISTINCT data_type FROM duckdb_columns() WHERE column_name IN ('paid_on', 'refund') ORDER BY 1`,
        ),
        [{ data_type: 'DATE' }, { data_type: 'DECIMAL(23,4)' }],
      );
    });

    it('marks columns as personal that were treated as personal before the schema knew them', async () => {
      await load('c.tsv', 'order-id\tday\tfee\trefund\tship-phone-number\n4\t2026-01-05\t2.5\t1\t555-0100\n');
      const { stdout } = await run('schemas', 'drift', '--yaml');
      assert.match(
        stdout,
        /- \{ name: ship_phone_number, from: ship-phone-number, type: string, pii: true \}/,
      );
    });

    /** The schema with the printed lines, which replace those of existing columns. */
    const applied = (schema: string, yaml: string) => {
      const lines = yaml.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
      return lines.reduce((text, line) => {
        const name = /name: (\w+),/.exec(line)?.[1];
        const own = new RegExp(`^ {6}- \\{ name: ${name},.*$`, 'm');
        return own.test(text) ? text.replace(own, line) : `${text}${line}\n`;
      }, schema);
    };

    it('takes a new header for the new name of a missing column, if position and type of the values match', async () => {
      await load('c.tsv', 'order-id\tday\tcharge\tnote\trefund\n4\t2026-01-05\t2.5\tx\t1\n');
      const renamed = (await drift()).filter(({ header }) => header === 'charge');
      assert.deepEqual(
        renamed.map(({ mayBe, after }) => ({ mayBe, after })),
        [{ mayBe: 'fee', after: 'day' }],
      );
      assert.match((await run('schemas', 'drift')).stdout, /unknown header charge, fee renamed\?/);
      const { stdout } = await run('schemas', 'drift', '--yaml');
      assert.match(stdout, /^# fee: renamed\? "charge" is at the position of fee, with values of its type$/m);
      const schema = applied(removals, stdout);
      assert.ok(schema.includes('- { name: fee, from: [ fee, charge ], type: "decimal(18,4)" }'), schema);
      file('schemas/GET_TEST_DATA.yaml', schema);
      await load('e.tsv', 'order-id\tday\tcharge\tnote\trefund\n4\t2026-01-05\t2.5\tx\t1.00\n');
      const [{ tables }] = JSON.parse((await run('loads', '--limit', '1', '--json')).stdout);
      const [table] = tables;
      assert.deepEqual([table.added, table.missing], [undefined, ['paid_on']]);
      assert.deepEqual(await query("SELECT fee FROM removals WHERE order_id = '4'"), [{ fee: '2.5000' }]);
    });

    it('prints the types that documents widened, until the schema has them', async () => {
      const wide = removals.replace(
        "fee, from: fee, type: 'decimal(18,4)'",
        "fee, from: fee, type: 'decimal(18,6)'",
      );
      assert.notEqual(wide, removals);
      file('schemas/GET_TEST_DATA.yaml', wide);
      await load('c.tsv', 'order-id\tday\tfee\tnote\trefund\n4\t2026-01-05\t0.000001\tx\t1\n');
      const widened = async () => (await drift()).filter(({ kind }) => kind === 'widened');
      assert.deepEqual(
        (await widened()).map(({ column, from, to }) => ({ column, from, to })),
        [{ column: 'fee', from: 'decimal(18,4)', to: 'decimal(20,6)' }],
      );
      const { stdout } = await run('schemas', 'drift', '--yaml');
      assert.match(stdout, /^# fee: type decimal\(18,6\) -> decimal\(20,6\)$/m);
      file('schemas/GET_TEST_DATA.yaml', applied(wide, stdout));
      assert.deepEqual(await widened(), []);
      await load('d.tsv', 'order-id\tday\tfee\tnote\trefund\n5\t2026-01-05\t1\tx\t1\n');
      assert.deepEqual(await widened(), []);
      assert.match((await run('schemas', 'check')).stdout, /no mistakes/);
    });

    it('reports a column that a document widened, also if the document is loaded a second time', async () => {
      file('c.tsv', 'sku\tunits\na\t1\n');
      file('d.tsv', 'sku\tunits\na\t1.5\n');
      for (const name of ['c.tsv', 'd.tsv', 'd.tsv']) {
        assert.equal((await run('load', name, '--type', 'GET_SOMETHING_NEW')).code, 0);
      }
      const { stdout } = await run('schemas', 'drift', '--type', 'GET_SOMETHING_NEW');
      assert.match(stdout, /units widened from int64 to decimal\(\d+,4\) +1 of 2/);
      assert.equal((stdout.match(/widened/g) ?? []).length, 1);
    });
  });

  it('schemas drift says if there is none', async () => {
    assert.equal((await run('schemas', 'drift')).stdout, 'No drift in the loaded documents.\n');
  });
});
