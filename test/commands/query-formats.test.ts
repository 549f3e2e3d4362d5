import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import fc from 'fast-check';
import { readSheet } from 'read-excel-file/node';
import { answerKind } from '../../src/commands/output/answer-types.js';
import { workbookBytes } from '../../src/commands/output/answer-workbook.js';
import { DuckDBInstance } from '@duckdb/node-api';
import { listings, listingsType } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';
import { Terminal } from './terminal.js';
import { runCli } from '../../src/cli.js';

const values = `SELECT 12345678901234.5678::DECIMAL(18,4) AS money, 9007199254740993::BIGINT AS big, 7 AS small,
  0.1::DOUBLE AS float, true AS yes, DATE '2026-03-04' AS day, TIMESTAMP '2026-03-04 05:06:07.125' AS at,
  TIMESTAMPTZ '2026-03-04 05:06:07+02' AS zoned, 'a|b<c>' || chr(10) || '_x0041_' || chr(27) AS text,
  NULL AS nothing, [1.5, 2] AS list, sum(9223372036854775807) AS total`;

describe('query', () => {
  const { file, path, pipe, run } = commandFolder();
  beforeEach(async () => {
    file('listings.tsv', listings(2));
    assert.equal((await run('load', 'listings.tsv', '--type', listingsType)).code, 0);
  });

  it('takes SQL from a file, with or without a byte order mark, or from standard input', async () => {
    file('q.sql', '\uFEFF-- How many?\nSELECT count(*)::INT AS n FROM listings;\n');
    const answer = [{ n: 2 }];
    assert.deepEqual(JSON.parse((await run('query', '--json', '--file', 'q.sql')).stdout), answer);
    const piped = await pipe('SELECT count(*)::INT AS n\nFROM listings', 'query', '--json', '-');
    assert.deepEqual(JSON.parse(piped.stdout), answer);
    for (const [args, problem] of [
      [[], /USAGE: query what\?/],
      [['SELECT 1', '--file', 'q.sql'], /USAGE: query what\?/],
      [['--file', 'absent.sql'], /opening .*absent\.sql: the file does not exist/],
      [['-'], /opening standard input: there is no input/],
    ] as const) {
      const { code, stderr } = await run('query', ...args);
      assert.notEqual(code, 0);
      assert.match(stderr, problem);
    }
  });

  it('writes Parquet with the types of the columns and every digit', async () => {
    assert.equal((await run('query', values, '--output', 'a.parquet')).stdout, '');
    const columns = await parquet(
      `SELECT column_name, column_type FROM (DESCRIBE FROM '${path('a.parquet')}')`,
    );
    assert.deepEqual(Object.fromEntries(columns), {
      money: 'DECIMAL(18,4)',
      big: 'BIGINT',
      small: 'BIGINT',
      float: 'DOUBLE',
      yes: 'BOOLEAN',
      day: 'DATE',
      at: 'TIMESTAMP',
      zoned: 'TIMESTAMP WITH TIME ZONE',
      text: 'VARCHAR',
      nothing: 'BIGINT',
      list: 'VARCHAR',
      total: 'DECIMAL(38,0)',
    });
    const [row = []] = await parquet(`SELECT COLUMNS(*)::VARCHAR FROM '${path('a.parquet')}'`);
    assert.deepEqual(row, [
      '12345678901234.5678',
      '9007199254740993',
      '7',
      '0.1',
      'true',
      '2026-03-04',
      '2026-03-04 05:06:07.125',
      '2026-03-04 03:06:07+00',
      'a|b<c>\n_x0041_\x1b',
      null,
      '["1.5","2.0"]',
      '9223372036854775807',
    ]);
  });

  it('writes a workbook with numbers that Excel holds as numbers, others as text, and dates as dates', async () => {
    await run('query', values, '--output', 'a.xlsx');
    const [header, row] = await readSheet(path('a.xlsx'));
    assert.deepEqual(header?.slice(0, 3), ['money', 'big', 'small']);
    const [at] = row?.splice(6, 1) ?? [];
    // The reader rounds down.
    assert.ok(Math.abs(Number(at) - Date.parse('2026-03-04T05:06:07.125Z')) <= 1, String(at));
    assert.deepEqual(row, [
      '12345678901234.5678',
      '9007199254740993',
      7,
      0.1,
      true,
      new Date('2026-03-04'),
      new Date('2026-03-04T03:06:07Z'),
      'a|b<c>\n_x0041_\x1b',
      null,
      '["1.5","2.0"]',
      '9223372036854775807',
    ]);
  });

  it('refuses what a workbook cannot hold, and leaves no file', async () => {
    const { code, stderr } = await run('query', "SELECT repeat('x', 40000) AS t", '--output', 'a.xlsx');
    assert.equal(code, 1);
    assert.match(stderr, /ANSWER_TOO_LARGE: writing the answer as xlsx: a value has 40000 characters/);
    assert.equal(existsSync(path('a.xlsx')), false);
  });

  it('writes Markdown in which no value is markup', async () => {
    const { stdout } = await run(
      'query',
      "SELECT 1.50 AS n, 'a|b <i>' || chr(10) || '*x*' AS t",
      '--format',
      'md',
    );
    assert.equal(stdout, '| n | t |\n| ---: | --- |\n| 1.50 | a\\|b &lt;i><br>\\*x\\* |\n');
  });

  it('writes each format by the ending of the file, and replaces the file', async () => {
    for (const [name, begins] of [
      ['a.csv', 'a\n1\n'],
      ['a.json', '[{"a":1}]\n'],
      ['a.md', '| a |\n'],
      ['a.txt', 'a\n─\n1\n1 row\n'],
    ] as const) {
      file(name, 'before');
      const { stdout } = await run('query', 'SELECT 1 AS a', '--output', name);
      assert.equal(stdout, '');
      assert.ok(readFileSync(path(name), 'utf8').startsWith(begins), name);
    }
  });

  it('prints no bytes on a terminal', async () => {
    for (const format of ['xlsx', 'parquet']) {
      const io = {
        stdout: new Terminal(),
        stderr: new Terminal(),
        env: {},
        cwd: path(),
        onStopSignal: () => () => {},
      };
      assert.equal(await runCli(['query', 'SELECT 1', '--format', format], io), 2);
      assert.match(io.stderr.text, /write it to a file with --output FILE/);
    }
  });
});

describe('a workbook of an answer', () => {
  it('is refused if it has more rows than a sheet', async () => {
    const rows = Array.from({ length: 1_048_576 }, () => []);
    const groups = (async function* () {
      yield { count: rows.length, rows: () => rows };
    })();
    const pieces = workbookBytes({ columns: [], groups }, undefined);
    await assert.rejects(pieces.next(), /it has more than 1048575 rows/);
  });

  it('holds every text and every number as it is', async () => {
    const text = fc
      .string({ unit: 'binary', minLength: 1 })
      .filter((each) => Buffer.from(each).toString() === each);
    const number = fc.tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.nat(12));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, number), { minLength: 1, maxLength: 5 }), async (all) => {
        const rows = all.map(([words, [digits, scale]]) => [words, decimal(digits, scale)]);
        const columns = [
          { name: 't', type: 'VARCHAR' },
          { name: 'n', type: 'DECIMAL(38,12)' },
        ];
        const groups = (async function* () {
          yield { count: rows.length, rows: () => rows };
        })();
        const pieces: Buffer[] = [];
        for await (const piece of workbookBytes({ columns, groups }, undefined)) pieces.push(piece);
        const [, ...found] = await readSheet(Buffer.concat(pieces), { trim: false });
        for (const [index, [words, digits]] of rows.entries()) {
          assert.equal(found[index]?.[0], words);
          const value = found[index]?.[1];
          if (typeof value === 'number') assert.equal(value, Number(digits));
          else assert.equal(value, digits);
          assert.equal(
            typeof value === 'number',
            String(digits).replace(/[-.]/g, '').replace(/^0+/, '').length <= 15,
          );
        }
      }),
    );
  });
});

describe('the kind of a column', () => {
  it('is known for the types of each warehouse', () => {
    const kinds = (...types: string[]) => types.map((type) => answerKind(type).kind);
    assert.deepEqual(kinds('BIGINT', 'INT64', 'integer', 'smallint'), Array(4).fill('integer'));
    assert.deepEqual(kinds('DECIMAL(18,4)', 'NUMERIC', 'numeric(10,2)', 'HUGEINT'), Array(4).fill('decimal'));
    assert.deepEqual(kinds('FLOAT64', 'double precision', 'real'), Array(3).fill('float'));
    assert.deepEqual(kinds('timestamp with time zone', 'TIMESTAMP', 'DATETIME'), Array(3).fill('timestamp'));
    assert.deepEqual(
      kinds('BIGNUMERIC', 'JSON', 'VARCHAR[]', 'TIMESTAMP_NS', 'STRUCT(a INTEGER)'),
      Array(5).fill('text'),
    );
  });
});

function decimal(digits: bigint, scale: number): string {
  const [sign, text] = [
    digits < 0n ? '-' : '',
    String(digits < 0n ? -digits : digits).padStart(scale + 1, '0'),
  ];
  return scale === 0 ? sign + text : `${sign}${text.slice(0, -scale)}.${text.slice(-scale)}`;
}

async function parquet(sql: string): Promise<[string, string | null][]> {
  const connection = await (await DuckDBInstance.create(':memory:')).connect();
  await connection.run("SET TimeZone = 'UTC'");
  const rows = (await connection.runAndReadAll(sql)).getRows();
  connection.closeSync();
  return rows as [string, string | null][];
}
