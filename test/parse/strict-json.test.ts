import assert from 'node:assert/strict';
import { ReportsError } from '../../src/errors/reports-error.js';
import type { Engine } from '../../src/parse/types.js';
import type { ColumnType, ReportSchema } from '../../src/schema/types.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

/** Texts of one JSON value. */
const wellFormed = [
  ...['0', '-0', '-1', '123', '1.5', '-0.25', '1e3', '1E-3', '1e+05', '-0e+1', '1.10', '1e400', '1e-400'],
  ...[`${'9'.repeat(400)}`, `0.${'1'.repeat(400)}`, `1e${'9'.repeat(30)}`],
  ...[
    'true',
    'false',
    'null',
    '""',
    '" "',
    '"\\u0000"',
    '"\\"\\\\\\/\\b\\f\\n\\r\\t"',
    '"\\u00E9"',
    '"é日🚲"',
  ],
  ...['"\u2028\u2029\ufeff\u00a0\u007f"', '"\\ud83d\\udeb2"', '"/* no comment */"', '"[{\\"a\\":1}]"'],
  ...['[]', '{}', '[[]]', '[{}]', '[1,"2",null,true]', '{"":0}', '{"a":{"a":{"a":[]}}}', '{"__proto__":1}'],
  ...[
    '{"2":1,"1":2,"b":3,"a":4}',
    '{"\\u0061":1}',
    ' [ 1 , 2 ] ',
    '\t{\r\n"a"\t:\n1\r}\n',
    `"${'x'.repeat(5000)}"`,
  ],
  ...[
    `{"${'n'.repeat(3000)}":1}`,
    `${'['.repeat(200)}${']'.repeat(200)}`,
    '"\\u2028"',
    '"\\uFFFF\\uFFFE\uffff"',
  ],
];

/** Texts that look like a JSON value. */
const malformed = [
  // White space that is none in JSON.
  ...[
    '\f1',
    '1\f',
    '\u00a01',
    '1\u00a0',
    '[\u20281]',
    '[1\u2029]',
    '[\ufeff1]',
    '[1\ufeff]',
    '\v1',
    '[\u30001]',
  ],
  ...[
    '{\f"a":1}',
    '{"a"\f:1}',
    '{"a":\f1}',
    '{"a":1\f}',
    '[\f]',
    '{\u00a0}',
    '[1,\u00a02]',
    '\u00851',
    '\u20031',
  ],
  // Commas and colons.
  ...[
    '[1,]',
    '[,1]',
    '[1,,2]',
    '[,]',
    '{"a":1,}',
    '{,"a":1}',
    '{"a":1,,"b":2}',
    '[1 2]',
    '["a" "b"]',
    '{"a" 1}',
  ],
  ...[
    '{"a"::1}',
    '{"a"}',
    '{"a":}',
    '{"a":1 "b":2}',
    '{:1}',
    '[:]',
    '["a":1]',
    '{"a","b"}',
    '{"a":1:2}',
    '{"a"=1}',
  ],
  // Comments and quotes.
  ...[
    '[1/* c */]',
    '[1 // c\n]',
    '[1 # c\n]',
    "['a']",
    "{'a':1}",
    '{a:1}',
    '{1:1}',
    '{null:1}',
    '[a]',
    '[`a`]',
  ],
  ...['["a\']', '[“a”]', '["a" /**/ ]', '/**/[1]', '<!-- -->1'],
  // Numbers.
  ...['01', '-01', '00', '+1', '.5', '-.5', '1.', '-1.', '1.e3', '1e', '1e+', '1E-', '-', '--1', '1-', '1+1'],
  ...['0x10', '0b1', '0o7', '1_000', '1;5', 'NaN', '-NaN', 'Infinity', '-Infinity', 'inf', '1.2.3', '1e2e3'],
  ...['1e2.5', '1ea', '-a', '1 000', '١', '１', '1f', '1n', '0.1.', '2.e+3', '- 1', '1 .5', '- 1.50'],
  // Words.
  ...['True', 'FALSE', 'nul', 'nulll', 'tru', 'undefined', 'truefalse', 'None', 'fals e', 'n', '-true'],
  // Strings.
  ...[
    '"',
    '"a',
    'a"',
    '"\n"',
    '"\t"',
    '"\u0000"',
    '"\u001f"',
    '"\\x41"',
    '"\\a"',
    '"\\\'"',
    '"\\"',
    '"\\u12"',
  ],
  ...[
    '"\\u12G4"',
    '"\\u+123"',
    '"\\U0041"',
    '"\\',
    '"\\u"',
    '"\\ud83d\\u"',
    '"\\0"',
    '"a\rb"',
    '"a""b"',
    '"\\ "',
  ],
  // Brackets.
  ...[
    '[',
    ']',
    '{',
    '}',
    '[1',
    '1]',
    '{"a":1',
    '[}',
    '{]',
    '[1}',
    '{"a":1]',
    '[[1]',
    '[1]]',
    '{"a":{}',
    '[{"a":1]}',
  ],
  ...['{"a":1}}', '[1][2]', '{}{}', '[]x', '{}x', '[1]2', '"a"b', '*', '<null>', '$', '\\u0031', '(1)'],
];

const schema: ReportSchema = {
  reportType: 'GET_TEST',
  description: '',
  format: 'json',
  quoting: 'none',
  restricted: false,
  file: '',
  tables: [
    {
      name: 'test',
      rows: 'rows',
      load: { mode: 'append', key: [] },
      columns: [
        { name: 'id', from: ['id'], type: { kind: 'int64' } as ColumnType },
        { name: 'v', from: ['v'], type: { kind: 'json' } as ColumnType },
        { name: 't', from: ['t'], type: { kind: 'string' } as ColumnType },
      ],
    },
  ],
};

/** Where a value may be: in a row as text or as JSON, beside the rows, or as the whole document. */
const places: Record<string, (value: string) => string> = {
  'a member of a row': (value) => `{"rows":[{"id":1,"t":"x"},{"id":2,"t":${value}}]}`,
  'a member of a row that is kept as JSON': (value) => `{"rows":[{"id":1},{"id":2,"v":${value}}]}`,
  'an unknown member of a row': (value) => `{"rows":[{"id":1},{"id":2,"new":${value},"t":"x"}]}`,
  'deep in a row': (value) => `{"rows":[{"id":1,"v":[{"a":[${value}]}]}]}`,
  'before the rows': (value) => `{"spec":${value},"rows":[{"id":1}]}`,
  'behind the rows': (value) => `{"rows":[{"id":1}],"spec":{"a":${value}}}`,
};

interface Outcome {
  code?: string;
  message?: string;
  rows?: unknown;
  warnings?: string[];
}

async function outcome(text: string, engine: Engine, ofSchema: ReportSchema | undefined): Promise<Outcome> {
  try {
    const { rowsOf, parsed } = await readRows(documentOf(text, {}, 7), ofSchema, engine);
    return { rows: rowsOf, warnings: parsed.warnings?.map(({ code, message }) => `${code} ${message}`) };
  } catch (error) {
    assert(error instanceof ReportsError, String(error));
    return { code: error.code, message: error.message };
  }
}

describe('strict JSON', () => {
  for (const [place, around] of Object.entries(places)) {
    it(`accepts every well-formed value as ${place}, the same in both engines`, async () => {
      for (const value of wellFormed) {
        const found = await outcome(around(value), 'columnar', schema);
        assert.deepEqual(found, await outcome(around(value), 'reference', schema), value);
        assert.equal(found.code, undefined, `${value}: ${found.message}`);
      }
    });

    it(`refuses every malformed value as ${place}, the same in both engines`, async () => {
      for (const value of malformed) {
        const found = await outcome(around(value), 'columnar', schema);
        assert.equal(found.code, 'DOCUMENT_UNPARSABLE', `${JSON.stringify(value)}: ${JSON.stringify(found)}`);
        assert.deepEqual(found, await outcome(around(value), 'reference', schema), value);
      }
    });
  }

  it('refuses blanks that are none in JSON around the whole document, and anything behind its end', async () => {
    const rows = '{"rows":[{"id":1}]}';
    for (const blank of ['\f', '\u00a0', '\u2028', '\ufeff', '\v']) {
      for (const text of [`${blank === '\ufeff' ? blank : ''}${blank}${rows}`, rows + blank]) {
        for (const engine of ['columnar', 'reference'] as const) {
          const { code } = await outcome(text, engine, schema);
          assert.equal(code, 'DOCUMENT_UNPARSABLE', JSON.stringify(text));
        }
      }
    }
    for (const behind of ['x', '{}', ',', ']', '}', '//', '\u0000', '1']) {
      for (const engine of ['columnar', 'reference'] as const)
        assert.equal((await outcome(rows + behind, engine, schema)).code, 'DOCUMENT_UNPARSABLE', behind);
    }
    for (const around of ['', ' ', '\n', '\r\n\t ']) {
      for (const engine of ['columnar', 'reference'] as const)
        assert.equal((await outcome(around + rows + around, engine, schema)).code, undefined);
    }
  });

  it('refuses a document that is cut anywhere', async () => {
    const text = '{"spec":{"a":[1.50,"b\\u00e9"]},"rows":[{"id":1,"v":{"x":[null]},"t":"y"},{"id":2}]}';
    for (let length = 1; length < text.length; length += 1) {
      for (const engine of ['columnar', 'reference'] as const) {
        const { code } = await outcome(text.slice(0, length), engine, schema);
        assert.equal(code, 'DOCUMENT_UNPARSABLE', text.slice(0, length));
      }
    }
  });

  it('says in which line it found what', async () => {
    for (const engine of ['columnar', 'reference'] as const) {
      const { message } = await outcome('{"rows":[\n{"id":1},\n{"id":2,\n"t":\u00a0"x"}]}', engine, schema);
      assert.match(message ?? '', /line 4: found U\+00A0 where a value should be/);
    }
  });

  it('keeps numbers, order and repeated names of JSON as written, without white space', async () => {
    const kept: [string, string][] = [
      [
        '{ "b" : 1.10, "2": 1e400, "1": [ -0 , 10000000000000000000001 ] }',
        '{"b":1.10,"2":1e400,"1":[-0,10000000000000000000001]}',
      ],
      ['[{"z":"\\u00e9\\/","a":"\\u001f \\" \\\\"}]', '[{"z":"é/","a":"\\u001f \\" \\\\"}]'],
      ['{"a":{"a":1,"a":2},"a":[]}', '{"a":{"a":1,"a":2},"a":[]}'],
      ['{"a":"\\ud83d","b":"\\ud83d\\udeb2"}', '{"a":"\\ud83d","b":"🚲"}'],
      ['"\\u00e9 "', '"é "'],
      ['1.10', '1.10'],
    ];
    for (const [value, expected] of kept) {
      for (const engine of ['columnar', 'reference'] as const) {
        const { rows } = await outcome(`{"rows":[{"id":1,"v":${value}}]}`, engine, schema);
        assert.deepEqual((rows as { test: { v: string }[] }).test[0]?.v, expected, engine);
      }
    }
  });

  it('rejects a value of JSON in a cell that is nested deeper than any document may be', async () => {
    const [table] = schema.tables;
    assert.ok(table);
    const delimited: ReportSchema = { ...schema, format: 'tsv', tables: [{ ...table, rows: undefined }] };
    const nested = (levels: number) => `${'[{"[":'.repeat(levels / 2)}1${'}]'.repeat(levels / 2)}`;
    const text = [500, 502, 9000, 100_000]
      .map((levels, index) => `${index}\t${nested(levels)}\tx\n`)
      .join('');
    for (const engine of ['columnar', 'reference'] as const) {
      const { rows, rejects } = await readRows(documentOf(`id\tv\tt\n${text}`), delimited, engine);
      assert.deepEqual(
        rows.map(({ v }) => v?.length),
        [nested(500).length, undefined, undefined, undefined],
      );
      assert.deepEqual(
        rejects.map(({ row, column, reason }) => [row, column, reason]),
        [2, 3, 4].map((row) => [row, 'v', 'expected json']),
      );
    }
  });

  it('keeps a text that looks like a marked number', async () => {
    for (const engine of ['columnar', 'reference'] as const) {
      const { rows } = await outcome('{"rows":[{"id":1,"t":"\\u0000number 1.50"}],"x":1.50}', engine, schema);
      assert.equal((rows as { test: { t: string }[] }).test[0]?.t, '\u0000number 1.50');
    }
  });

  it('warns of names that an object has twice, with path and number, wherever the object is', async () => {
    const cases: [string, RegExp][] = [
      ['{"rows":[{"id":1,"id":2},{"id":3,"id":4,"id":5}]}', /: rows\.id \(3\);/],
      ['{"rows":[{"id":1,"v":{"a":[{"b":1,"b":1}]}}]}', /: rows\.v\.a\.b \(1\);/],
      ['{"spec":{"a":1,"a":2},"rows":[{"id":1}]}', /: spec\.a \(1\);/],
      ['{"spec":1,"rows":[{"id":1}],"spec":2}', /: spec \(1\);/],
      ['{"rows":[{"id":1}],"rows":[{"id":2}]}', /: rows \(1\);/],
      ['{"rows":[{"id":1,"\\u0069d":2}]}', /: rows\.id \(1\);/],
    ];
    for (const [text, expected] of cases) {
      for (const engine of ['columnar', 'reference'] as const) {
        for (const ofSchema of [schema, undefined]) {
          const { warnings = [] } = await outcome(text, engine, ofSchema);
          assert.equal(warnings.length, 1, `${text} ${engine}`);
          assert.match(warnings[0] ?? '', /^JSON_DUPLICATE_NAMES /);
          assert.match(warnings[0] ?? '', expected);
        }
      }
    }
    for (const engine of ['columnar', 'reference'] as const) {
      const apart = '{"rows":[{"id":1,"v":[{"a":1},{"a":1}]},{"id":1,"v":{"a":{"a":1}}}],"v":{"id":1}}';
      assert.deepEqual((await outcome(apart, engine, schema)).warnings ?? [], []);
    }
  });

  it('counts halves of surrogate pairs in a warning, the same in both engines', async () => {
    const half = '\\ud83d';
    const texts: [string, number][] = [
      [`{"rows":[{"id":1,"t":"a${half}"},{"id":2,"t":"\\udeb2${half}\\ud83d\\udeb2"}]}`, 3],
      [`{"rows":[{"id":1,"v":["${half}",{"${half}":"${half}"}]}],"spec":"${half}"}`, 4],
      [`{"rows":[{"id":1,"new":"${half}"}]}`, 1],
      ['{"rows":[{"id":1,"t":"\\ud83d\\udeb2","v":"\\\\ud83d"}]}', 0],
    ];
    for (const [text, count] of texts) {
      for (const engine of ['columnar', 'reference'] as const) {
        const { warnings = [] } = await outcome(text, engine, schema);
        assert.equal(warnings.length, count > 0 ? 1 : 0, `${text} ${engine}`);
        if (count > 0)
          assert.match(warnings[0] ?? '', new RegExp(`^JSON_LONE_SURROGATES .* ${count} in all,`));
      }
    }
  });
});
