import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { checkSchemas, packagedSchemasFolder, readSchemas } from '../../src/schema/read.js';

const good = `reportType: GET_TEST_DATA
description: A test.
format: tsv
tables:
  - name: test
    load: { mode: merge, key: [id] }
    partitionBy: day
    columns:
      - { name: id, from: Id, type: string }
      - { name: day, from: [Day, Tag], type: date, dateOrder: dmy }
      - { name: price, from: price, type: 'decimal(18,4)', description: Of one unit. }
      - { name: note, from: note, type: string, nullTexts: true }
`;

describe('report schemas', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'schemas-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function write(name: string, text: string): void {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }

  /** The problems of a user's folder, without its name. */
  function problems(...folders: string[]): string[] {
    const found = checkSchemas({
      folders: [packagedSchemasFolder(), ...(folders.length > 0 ? folders : [folder])],
    }).problems;
    return found.map(({ file, line, column, path: key, message }) =>
      `${path.relative(folder, file)}:${line}:${column} ${key}: ${message}`.replaceAll(`${folder}/`, ''),
    );
  }

  /** The problems after a change of the valid schema. */
  function problemsWith(from: string, to: string): string[] {
    assert.ok(good.includes(from));
    write('a.yaml', good.replace(from, to));
    return problems();
  }

  it('are read with every default filled in', () => {
    write('a.yaml', good);
    assert.deepEqual(readSchemas({ folders: [folder] }).get('GET_TEST_DATA'), {
      reportType: 'GET_TEST_DATA',
      description: 'A test.',
      format: 'tsv',
      quoting: 'none',
      restricted: false,
      tables: [
        {
          name: 'test',
          load: { mode: 'merge', key: ['id'] },
          partitionBy: 'day',
          columns: [
            { name: 'id', from: ['Id'], type: { kind: 'string' } },
            { name: 'day', from: ['Day', 'Tag'], type: { kind: 'date' }, dateOrder: 'dmy' },
            {
              name: 'price',
              from: ['price'],
              type: { kind: 'decimal', precision: 18, scale: 4 },
              description: 'Of one unit.',
            },
            { name: 'note', from: ['note'], type: { kind: 'string' }, nullTexts: true },
          ],
        },
      ],
      file: path.join(folder, 'a.yaml'),
    });
  });

  it('have csv quoting if the format is csv', () => {
    write('a.yaml', good.replace('format: tsv', 'format: csv'));
    assert.equal(readSchemas({ folders: [folder] }).get('GET_TEST_DATA')?.quoting, 'csv');
  });

  it('are those of the last folder of the user if several have a report type', () => {
    write('one/a.yaml', good.replace('A test.', 'First.'));
    write('two/b.yml', good.replace('A test.', 'Second.'));
    write('two/notes.txt', 'not a schema');
    const schemas = readSchemas({
      folders: [packagedSchemasFolder(), path.join(folder, 'one'), path.join(folder, 'two')],
    });
    assert.equal(schemas.get('GET_TEST_DATA')?.description, 'Second.');
    assert.ok(schemas.has('GET_MERCHANT_LISTINGS_ALL_DATA'), 'those of the program are there too');
  });

  it('may replace a packaged one, including its table', () => {
    write(
      'a.yaml',
      good.replace('GET_TEST_DATA', 'GET_MERCHANT_LISTINGS_ALL_DATA').replace('name: test', 'name: listings'),
    );
    assert.deepEqual(problems(), []);
  });

  const cases: [what: string, from: string, to: string, problem: string][] = [
    [
      'a misspelled key',
      'from: Id',
      'form: Id',
      'a.yaml:9:21 tables[0].columns[0].form: unknown key; did you mean "from"?',
    ],
    [
      'a missing key',
      'from: Id, ',
      '',
      'a.yaml:9:9 tables[0].columns[0].from: missing; expected text or a list',
    ],
    [
      'an unknown type',
      'type: date',
      'type: dat',
      'a.yaml:10:46 tables[0].columns[1].type: expected string, int64, float64, bool, date, timestamp, json, decimal(18,4), list(string) (or another precision and scale, up to 38; or a list of another type), found "dat"; did you mean "date"?',
    ],
    [
      'a decimal that is too wide',
      '(18,4)',
      '(39,4)',
      'a.yaml:11:43 tables[0].columns[2].type: expected string, int64, float64, bool, date, timestamp, json, decimal(18,4), list(string) (or another precision and scale, up to 38; or a list of another type), found "decimal(39,4)"; did you mean "decimal(18,4)"?',
    ],
    [
      'an unknown mode',
      'mode: merge',
      'mode: upsert',
      'a.yaml:6:19 tables[0].load.mode: expected one of append, merge, replace, snapshot, found "upsert"',
    ],
    [
      'an unknown format',
      'format: tsv',
      'format: tvs',
      'a.yaml:3:9 format: expected one of tsv, csv, xlsx, json, xml, raw, found "tvs"; did you mean "tsv"?',
    ],
    [
      'a report type in lower case',
      'GET_TEST_DATA',
      'get_test',
      'a.yaml:1:13 reportType: expected Amazon\'s name of a report type, such as GET_MERCHANT_LISTINGS_ALL_DATA, found "get_test"',
    ],
    [
      'a column name with capitals',
      'name: price',
      'name: Price',
      'a.yaml:11:17 tables[0].columns[2].name: expected a name of lower-case letters, digits and _ that begins with a letter, such as order_id, found "Price"',
    ],
    [
      'the name of a lineage column',
      'name: price',
      'name: _row',
      'a.yaml:11:17 tables[0].columns[2].name: expected a name of lower-case letters, digits and _ that begins with a letter, such as order_id, found "_row"',
    ],
    [
      'a column name given twice',
      'name: price',
      'name: day',
      'a.yaml:11:17 tables[0].columns[2].name: "day" is already the name of columns[1]',
    ],
    [
      'a header given twice',
      'from: price',
      'from: [price, I-D]',
      'a.yaml:11:38 tables[0].columns[2].from[1]: header "I-D" already belongs to columns[0]',
    ],
    [
      'a key that is not a column',
      'key: [id]',
      'key: [id, dya]',
      'a.yaml:6:36 tables[0].load.key[1]: no column "dya" in this table; did you mean "day"?',
    ],
    [
      'a key given twice',
      'key: [id]',
      'key: [id, id]',
      'a.yaml:6:36 tables[0].load.key[1]: "id" is already in the key',
    ],
    [
      'a key of personal data',
      'name: id,',
      'name: id, pii: true,',
      'a.yaml:6:32 tables[0].load.key[0]: "id" is personal data, which may be hashed or removed; a key needs other columns',
    ],
    [
      'a merge without key',
      ', key: [id]',
      '',
      'a.yaml:6:11 tables[0].load.key: merge needs the columns that identify the rows to replace',
    ],
    [
      'a replace with an empty key',
      'merge, key: [id]',
      'replace, key: []',
      'a.yaml:6:28 tables[0].load.key: replace needs the columns that identify the rows to replace',
    ],
    [
      'a snapshot with a key',
      'mode: merge',
      'mode: snapshot',
      'a.yaml:6:29 tables[0].load.key: snapshot has no key; remove it, or use merge or replace',
    ],
    [
      'a partition that is not a column',
      'partitionBy: day',
      'partitionBy: dya',
      'a.yaml:7:18 tables[0].partitionBy: no column "dya" in this table; did you mean "day"?',
    ],
    [
      'a partition by text',
      'partitionBy: day',
      'partitionBy: id',
      'a.yaml:7:18 tables[0].partitionBy: expected a date or timestamp column, found "id" of type string',
    ],
    [
      'a raw document with a table',
      'format: tsv',
      'format: raw',
      'a.yaml:4:1 tables: a raw document is not parsed, so it fills no table',
    ],
    [
      'a key of YAML given twice',
      'format: tsv',
      'format: tsv\nformat: csv',
      'a.yaml:4:1 format: key given twice; keep one',
    ],
  ];
  for (const [what, from, to, problem] of cases) {
    it(`are refused for ${what}, with the position`, () =>
      assert.deepEqual(problemsWith(from, to), [problem]));
  }

  it('are refused for paths that lead nowhere, each with its position', () => {
    write(
      'a.yaml',
      `reportType: GET_X
format: json
tables:
  - { name: a, load: { mode: append }, columns: [{ name: x, from: x, type: string }] }
  - { name: b, rows: $.items, load: { mode: append }, columns: [{ name: x, from: [a..b, x], type: string }] }
  - name: c
    rows: items
    load: { mode: append }
    columns: [{ name: x, from: ^.^.x, type: string }, { name: y, from: ^.y, type: string }]
  - { name: d, rows: items, load: { mode: append }, columns: [{ name: x, from: $, type: string }] }
`,
    );
    assert.deepEqual(problems(), [
      'a.yaml:4:5 tables[0]: a table of a json document needs rows: the path to the list of its rows, or $ for the document itself',
      'a.yaml:5:22 tables[1].rows: expected names with dots between, such as campaigns.coupons, or $; remove "$."',
      'a.yaml:5:83 tables[1].columns[0].from[0]: expected a path such as sales.amount, $.header.date or ^.name, found "a..b"',
      'a.yaml:9:32 tables[2].columns[0].from: "^.^.x" goes beyond the top of the document: there is 1 level above the rows of items',
      'a.yaml:10:22 tables[3].rows: "items" are already the rows of tables[2]; add the columns there',
      'a.yaml:10:80 tables[3].columns[0].from: expected a path such as sales.amount, $.header.date or ^.name, found "$"',
    ]);
  });

  it('are refused for checks of columns that are missing or not numbers, each with its position', () => {
    const checks = (text: string) =>
      problemsWith('    columns:\n', `    checks:\n      - ${text}\n    columns:\n`);
    assert.deepEqual(checks('{ name: total, sum: [price, prise], equals: day, per: ids }'), [
      'a.yaml:9:37 tables[0].checks[0].sum[1]: no column "prise" in this table; did you mean "price"?',
      'a.yaml:9:53 tables[0].checks[0].equals: expected a decimal or int64 column, found "day" of type date',
      'a.yaml:9:63 tables[0].checks[0].per: no column "ids" in this table',
    ]);
    assert.deepEqual(checks('{ name: total, sum: price, equals: price }'), [
      'a.yaml:9:29 tables[0].checks[0].sum: "price" is the stated sum and cannot be part of it; remove it here',
    ]);
    assert.match(checks('{ name: total, sum: price }').join(), /checks\[0\]\.equals: .*missing/i);
  });

  it('may have lists in the columns of checks', () => {
    write(
      'a.yaml',
      good.replace(
        '    columns:',
        `    checks: [{ name: total, sum: price, equals: all, per: [id, day] }]
    columns:
      - { name: all, from: all, type: int64 }`,
      ),
    );
    assert.deepEqual(readSchemas({ folders: [folder] }).get('GET_TEST_DATA')?.tables[0]?.checks, [
      { name: 'total', sum: ['price'], equals: 'all', per: ['id', 'day'] },
    ]);
  });

  it('are refused for rows in a delimited document', () => {
    assert.deepEqual(problemsWith('name: test', 'name: test\n    rows: items'), [
      'a.yaml:6:5 tables[0].rows: rows is only for json and xml; remove it in tsv',
    ]);
  });

  it('are refused for a tsv with an empty list of tables', () => {
    write('a.yaml', 'reportType: GET_X\nformat: tsv\ntables: []\n');
    assert.deepEqual(problems(), [
      'a.yaml:3:1 tables: a tsv document fills one table, found 0; omit tables if its columns are not known',
    ]);
  });

  it('may leave tables out, and say how reports of the type are made', () => {
    write('a.yaml', 'reportType: GET_X\nrequest: { madeBy: [automatic, requested] }\nformat: tsv\n');
    const schema = readSchemas({ folders: [folder] }).get('GET_X');
    assert.deepEqual(schema?.request?.madeBy, ['automatic', 'requested']);
    assert.deepEqual(schema?.tables, []);
    write('a.yaml', 'reportType: GET_X\nrequest: { madeBy: [request] }\nformat: tsv\n');
    assert.match(problems().join(), /a\.yaml:2:21 request\.madeBy\[0\]: .*did you mean "requested"/);
  });

  it('are refused for two of one report type in a folder', () => {
    write('a.yaml', good);
    write('b.yaml', good);
    assert.deepEqual(problems(), ['b.yaml:1:13 reportType: GET_TEST_DATA already has a schema, in a.yaml']);
  });

  it('are refused for a table that belongs to another report type', () => {
    write('a.yaml', good);
    write('b.yaml', good.replace('GET_TEST_DATA', 'GET_OTHER_DATA'));
    write('c.yaml', good.replace('GET_TEST_DATA', 'GET_THIRD_DATA').replace('name: test', 'name: listings'));
    assert.deepEqual(
      problems().map((text) => text.replace(/in .*schemas/, 'in schemas')),
      [
        'b.yaml:5:11 tables[0].name: "test" is already the table of GET_TEST_DATA, in a.yaml',
        'c.yaml:5:11 tables[0].name: "listings" is already the table of GET_MERCHANT_LISTINGS_ALL_DATA, in schemas/GET_MERCHANT_LISTINGS_ALL_DATA.yaml',
      ],
    );
  });

  it('are refused with all mistakes of all files at once', () => {
    write(
      'a.yaml',
      good
        .replace('type: date', 'type: dat')
        .replace('name: price', 'name: id')
        .replace('key: [id]', 'key: [di]'),
    );
    write('b.yaml', 'reportType: GET_B\nformat: tsv\ntabels: []\n');
    assert.deepEqual(
      problems().map((text) => text.split(' ').slice(0, 2).join(' ')),
      [
        'a.yaml:6:32 tables[0].load.key[0]:',
        'a.yaml:10:46 tables[0].columns[1].type:',
        'a.yaml:11:17 tables[0].columns[2].name:',
        'b.yaml:3:1 tabels:',
      ],
    );
    assert.throws(
      () => readSchemas({ folders: [folder] }),
      (error) =>
        error instanceof ReportsError &&
        error.code === 'SCHEMA_INVALID' &&
        error.message.includes('4 mistakes') &&
        error.message.includes('a.yaml:10:46') &&
        error.message.includes('did you mean "tables"?'),
    );
  });

  it('are reported once if a folder is named twice', () => {
    write('a.yaml', good.replace('type: date', 'type: dat'));
    assert.equal(problems(folder, `${folder}/.`).length, 1);
  });

  it('are refused if a file cannot be read', () => {
    symlinkSync(path.join(folder, 'nowhere'), path.join(folder, 'a.yaml'));
    assert.match(problems().join(), /^a.yaml:1:1 : cannot be read/);
  });

  it('are absent if their folder does not exist, and refused if it is a file', () => {
    write('a.yaml', good);
    assert.deepEqual(problems(path.join(folder, 'none')), []);
    assert.match(problems(path.join(folder, 'a.yaml')).join(), /a.yaml:1:1 : cannot be read/);
  });
});
