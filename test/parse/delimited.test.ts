import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReportsError } from '../../src/errors/reports-error.js';
import { defaultDocumentLimits } from '../../src/config/documents-spec.js';
import type { ReportSchema } from '../../src/schema/types.js';
import type { ExaminedDocument } from '../../src/source/types.js';
import { delimitedSchema } from './delimited-schema.js';
import { documentOf } from './document-of.js';
import { readRows as readRowsBy } from './read-rows.js';
import { runs } from '../property-runs.js';

const orders = delimitedSchema({
  'order-id': 'string',
  sku: 'string',
  amount: 'decimal(18,4)',
  quantity: 'int64',
  day: 'date',
});
const lines = (...of: string[]) => of.join('\n');
const germany = { marketplaceIds: ['A1PA6795UKMFR9'] };

for (const engine of ['reference', 'columnar'] as const)
  describe(`a delimited document, read by the ${engine} engine,`, () => {
    const readRows: (document: ExaminedDocument, schema?: ReportSchema) => ReturnType<typeof readRowsBy> = (
      document,
      schema,
    ) => readRowsBy(document, schema, engine);

    it('keeps a double quote as data if the type is not quoted', async () => {
      const { rows } = await readRows(
        documentOf(lines('order-id\tsku', '1\tLamp 10" wide', '2\t"open', '3\t"both"')),
        orders,
      );
      assert.deepEqual(
        rows.map(({ sku }) => sku),
        ['Lamp 10" wide', '"open', '"both"'],
      );
    });

    it('loses one pair of quotes per cell if every cell is wrapped, with inner quotes unescaped', async () => {
      const text = lines('"order-id"\t"sku"\t"quantity"', '"1"\t"Webcam, 1/2" Sensor"\t"2"', '"2"\t""\t"3"');
      for (const quoting of ['outer', 'none'] as const) {
        const { rows } = await readRows(documentOf(text), { ...orders, quoting });
        assert.deepEqual(
          rows.map(({ sku, quantity }) => [sku, quantity]),
          [
            ['Webcam, 1/2" Sensor', '2'],
            [null, '3'],
          ],
        );
      }
    });

    it('is read as comma CSV if it arrives as such, whatever the schema says', async () => {
      const text = lines('order-id,sku,amount', '1,"a, ""b""","1,234.50"', '2,"two\nlines",2');
      const { rows, parsed } = await readRows(documentOf(text), orders);
      assert.deepEqual(
        rows.map(({ sku, amount }) => [sku, amount]),
        [
          ['a, "b"', '1234.5'],
          ['two\nlines', '2'],
        ],
      );
      assert.equal(parsed.dialect.delimiter, ',');
    });

    it('is read with semicolons and decimal comma', async () => {
      const { rows } = await readRows(
        documentOf(lines('order-id;amount;day', '1;1.141,18;14.03.2023', '2;-0,5;01.04.2023')),
        orders,
      );
      assert.deepEqual(
        rows.map(({ amount }) => amount),
        ['1141.18', '-0.5'],
      );
      assert.match(String(rows[0]?.day), /^2023-03-14/);
    });

    it('finds its header below a preamble', async () => {
      const preamble = [
        '"Includes Amazon Marketplace, Fulfillment, and more"',
        'All amounts in USD, unless specified',
        'Definitions:',
        '',
      ];
      const rows = [
        '"date/time","order id","total"',
        '"Jan 5, 2026 1:23:45 PM PST","1","-1,234.50"',
        '"Jan 6, 2026 1:23:45 PM PST","2","3.00"',
      ];
      const read = await readRows(documentOf(lines(...preamble, ...rows)));
      assert.equal(read.parsed.dialect.preambleLines, 4);
      assert.deepEqual(read.columns, ['date_time timestamp', 'order_id string', 'total decimal(18,4)']);
      assert.deepEqual(
        read.rows.map(({ total }) => total),
        ['-1234.5', '3'],
      );
    });

    it('keeps unknown columns, reports missing ones, and has columns in any order and spelling', async () => {
      const { columns, rows, parsed } = await readRows(
        documentOf(lines('SKU\tnew thing\tOrder ID', 's\tn\t1')),
        orders,
      );
      assert.deepEqual(columns, [
        'order_id string',
        'sku string',
        'amount decimal(18,4)',
        'quantity int64',
        'day date',
        'new_thing string',
      ]);
      assert.deepEqual(rows[0], {
        order_id: '1',
        sku: 's',
        amount: null,
        quantity: null,
        day: null,
        new_thing: 'n',
        _row: '1',
      });
      assert.deepEqual(parsed.notes, [
        'columns that the schema does not know: new thing',
        'columns not in the document: amount, quantity, day',
      ]);
    });

    it('gets distinct names for repeated headers, and loses a nameless last column only if it is empty', async () => {
      const repeated = await readRows(documentOf(lines('sku\tx\tx\t', 'a\t1\t2\t', 'b\t3\t4\t')));
      assert.deepEqual(repeated.columns, ['sku string', 'x int64', 'x_2 int64']);
      const filled = await readRows(documentOf(lines('sku\tx\t', 'a\t1\t', 'b\t3\there')));
      assert.deepEqual(
        filled.rows.map((row) => Object.values(row)),
        [
          ['a', '1', null, '1'],
          ['b', '3', 'here', '2'],
        ],
      );
    });

    it('keeps short rows, empty first cells and empty surplus cells', async () => {
      const { rows, rejects } = await readRows(
        documentOf(lines('order-id\tsku\tamount', '\ta', '2', '3\tb\t1\t\t ', '')),
        orders,
      );
      assert.deepEqual(
        rows.map((row) => [row.order_id, row.sku, row.amount]),
        [
          [null, 'a', null],
          ['2', null, null],
          ['3', 'b', '1'],
        ],
      );
      assert.deepEqual(rejects, []);
    });

    it('rejects a row with more cells than the header, with its line, and loads the others', async () => {
      const { rows, rejects } = await readRows(
        documentOf(lines('order-id\tsku', '1\ta', '2\tb\tsurplus', '3\tc')),
        orders,
      );
      assert.deepEqual(
        rows.map((row) => [row._row, row.order_id]),
        [
          ['1', '1'],
          ['3', '3'],
        ],
      );
      assert.deepEqual(rejects, [
        { row: 2, column: null, raw: '2\tb\tsurplus', reason: '1 cell more than the header' },
      ]);
    });

    it('rejects values that do not fit their type, and never rounds', async () => {
      const text = lines(
        'order-id\tamount\tquantity\tday',
        '1\t1.23456\t1.5\t2026-02-30',
        '2\t--\tN/A\t',
        '3\t1.50000\t1,000\t2026-02-28',
      );
      const { rows, rejects } = await readRows(documentOf(text), orders);
      assert.deepEqual(
        rows.map(({ amount, quantity }) => [amount, quantity]),
        [
          [null, null],
          [null, null],
          ['1.5', '1000'],
        ],
      );
      assert.deepEqual(rejects, [
        { row: 1, column: 'amount', raw: '1.23456', reason: 'expected decimal(18,4)' },
        { row: 1, column: 'quantity', raw: '1.5', reason: 'expected int64' },
        { row: 1, column: 'day', raw: '2026-02-30', reason: 'expected date' },
      ]);
    });

    it('decides the decimal mark for the whole document, never for a cell', async () => {
      const read = async (metadata: object, ...amounts: string[]) => {
        const { rows } = await readRows(
          documentOf(lines('order-id\tamount', ...amounts.map((each) => `1\t${each}`)), metadata),
          orders,
        );
        return rows.map(({ amount }) => amount);
      };
      assert.deepEqual(await read({}, '1,234', '19.99'), ['1234', '19.99']);
      assert.deepEqual(await read({}, '1,234', '19,99'), ['1.234', '19.99']);
      assert.deepEqual(await read(germany, '1,234'), ['1.234']);
      assert.deepEqual(await read({}, '1,234'), ['1234']);
    });

    it('decides the order of day and month for the whole document', async () => {
      const read = async (metadata: object, ...days: string[]) => {
        const { rows } = await readRows(
          documentOf(lines('order-id\tday', ...days.map((each) => `1\t${each}`)), metadata),
          orders,
        );
        return rows.map(({ day }) => String(day).slice(0, 10));
      };
      assert.deepEqual(await read({}, '03/04/2026', '31/10/2026'), ['2026-04-03', '2026-10-31']);
      assert.deepEqual(await read(germany, '03/04/2026', '10/31/2026'), ['2026-03-04', '2026-10-31']);
      assert.deepEqual(await read(germany, '03/04/2026'), ['2026-04-03']);
    });

    it('may have any line ends, with or without the last one', async () => {
      for (const end of ['\n', '\r\n', '\r']) {
        for (const last of ['', end, `${end}  ${end}`]) {
          const text = `order-id\tsku${end}1\ta${end}${end}2\tb${last}`;
          const { rows } = await readRows(documentOf(text, {}, 3), orders);
          assert.deepEqual(
            rows.map((row) => [row.order_id, row.sku]),
            [
              ['1', 'a'],
              ['2', 'b'],
            ],
            JSON.stringify(text),
          );
        }
      }
    });

    it('has no rows if it has only a header, or nothing', async () => {
      for (const text of ['order-id\tsku', 'order-id\tsku\n', 'order-id\tsku\r\n\r\n']) {
        const { rows, columns } = await readRows(documentOf(text), orders);
        assert.deepEqual([rows, columns.length], [[], 5]);
      }
      for (const text of ['', '\n', '  \r\n']) {
        assert.deepEqual((await readRows(documentOf(text), orders)).parsed.tables, []);
      }
    });

    it('loses no row to a quote that is never closed', async () => {
      const text = lines('order-id,sku,amount', '1,"open,5', '2,b,6', '3,"c",7');
      const { rows, parsed } = await readRows(documentOf(text), orders);
      assert.deepEqual(
        rows.map((row) => [row.order_id, row.sku, row.amount]),
        [
          ['1', '"open', '5'],
          ['2', 'b', '6'],
          ['3', 'c', '7'],
        ],
      );
      assert.ok(parsed.notes.includes('a quote is not closed: rows were read line by line'));
    });

    it('has inferred columns without a schema, with ids as text', async () => {
      const text = lines(
        'sku\tunits\tfee\tday\tat\tactive\tzip\tnote\tempty\tmixed',
        '007\t5\t1.50\t2026-10-01\t2026-10-01 10:00:00 UTC\ttrue\t2108\tx\t\t1',
        '008\t1,200\t-2.25\t2026-10-02\t2026-10-02\tFALSE\t2109\t\t\ta',
        '009\t\t--\t\t\t\t\t\t\t2',
      );
      const { columns, rows, parsed } = await readRows(documentOf(text));
      assert.deepEqual(columns, [
        'sku string',
        'units int64',
        'fee decimal(18,4)',
        'day date',
        'at timestamp',
        'active bool',
        'zip string',
        'note string',
        'empty string',
        'mixed string',
      ]);
      assert.equal(parsed.tables[0]?.name, 'test');
      assert.deepEqual(rows[1], {
        ...rows[1],
        sku: '008',
        units: '1200',
        fee: '-2.25',
        active: 'false',
        mixed: 'a',
      });
      assert.deepEqual(rows[2], { ...rows[2], sku: '009', units: null, fee: null, day: null });
    });

    it('is refused if it is not a report', async () => {
      for (const [text, code, schema] of [
        ['The requested data is unavailable.', 'NOT_A_REPORT', orders],
        ['The requested data is unavailable.', 'NOT_A_REPORT', undefined],
        ['Sorry, no data is available, please try again.', 'NOT_A_REPORT', orders],
        ['Error, please retry later\nfoo, bar\n', 'NOT_A_REPORT', orders],
        ['The requested data is unavailable, please try a different date range.', 'NOT_A_REPORT', undefined],
        [
          Array.from({ length: 12 }, (_, line) => `Line ${line} of a long letter.`).join('\n'),
          'HEADER_NOT_FOUND',
          orders,
        ],
        ['{"errorDetails": "no data"}', 'NOT_A_REPORT', orders],
        ['{"errorDetails": "no data"}', 'NOT_A_REPORT', undefined],
        ['<html><body><p>error</p></body></html>', 'NOT_A_REPORT', undefined],
        ['settlement-id\ttotal-amount\n1\t2.00\n', 'HEADER_UNKNOWN', orders],
        ['\u2030PNG\r\n\u001a\n\u0000\u0001', 'FORMAT_UNSUPPORTED', orders],
        ['%PDF-1.7 ...', 'FORMAT_UNSUPPORTED', undefined],
        ['PK\u0003\u0004...', 'FORMAT_UNSUPPORTED', orders],
      ] as const) {
        await assert.rejects(
          readRows(documentOf(text), schema),
          (error) => error instanceof ReportsError && error.code === code,
          text,
        );
      }
    });

    it('is refused if it has no known key column, as it would replace the rows of all others', async () => {
      const keyed = delimitedSchema({ 'order-id': 'string', sku: 'string', amount: 'decimal(18,4)' });
      const [table] = keyed.tables;
      const schema = {
        ...keyed,
        tables: table ? [{ ...table, load: { mode: 'merge' as const, key: ['order_id', 'sku'] } }] : [],
      };
      await assert.rejects(readRows(documentOf('Bestellnummer\tamount\n1\t2.00\n'), schema), {
        code: 'KEY_COLUMN_MISSING',
        message: /order_id, sku, .*Bestellnummer, amount/,
      });
      assert.equal((await readRows(documentOf('order-id\tamount\n1\t2.00\n'), schema)).rows.length, 1);
    });

    it('is split by the delimiter that most lines have, not by one that fills a single text', async () => {
      const cases: [text: string, columns: number, rows: number][] = [
        ['sku\tname\nA\tLamp, red, big\nB\tHat\nC\tHat\n', 2, 3],
        ['sku\tname\nA\tred; blue; green; yellow\nB\tHat\n', 2, 2],
        ['sku;price;tax;total\nA;1,50;0,30;1,80\nB;2,50;0,40;2,90\n', 4, 2],
        ['sku;price\nA;1,50\nB;2,50\n', 2, 2],
        ['a\tb\t\n1\t2\tx\n3\t4\ty\n', 3, 2],
      ];
      for (const [text, columns, rows] of cases) {
        const read = await readRows(documentOf(text, germany));
        assert.deepEqual([read.columns.length, read.rows.length], [columns, rows], text);
      }
      const wide = await readRows(documentOf('sku\tqty\tnote\nA\t1\tx\tmore\nB\t2\ty\tmore\nC\t3\tz\n'));
      assert.deepEqual(
        [wide.rows.map(({ sku }) => sku), wide.rejects.map(({ row }) => row)],
        [['C'], [1, 2]],
      );
    });

    it('is split by the delimiter that splits all lines alike, not by tabs in quoted cells', async () => {
      const text = lines('id,name,size', '1,"Lamp\tred",3', '2,"Lamp\tblue",4', '3,Desk,5');
      const { rows } = await readRows(documentOf(text));
      assert.deepEqual(
        rows.map(({ id, name, size }) => [id, name, size]),
        [
          ['1', 'Lamp\tred', '3'],
          ['2', 'Lamp\tblue', '4'],
          ['3', 'Desk', '5'],
        ],
      );
    });

    it('is refused without a schema if its first line is a row, which would be lost', async () => {
      for (const text of [
        lines('1,2,3', '4,5,6'),
        lines('2026-10-01\t7', '2026-10-02\t8'),
        lines('Lamp,3,1.50', 'Desk,4,2.00', 'Chair,5,2.50'),
        lines('Order;01.10.2026', 'Refund;02.10.2026', 'Order;03.10.2026'),
      ])
        await assert.rejects(readRows(documentOf(text)), { code: 'HEADER_NOT_FOUND' });
      for (const text of [
        lines('item,2025,2026', 'Lamp,5,6', 'Desk,7,2024', 'Chair,7,8'),
        lines('item,2026-10-01,2026-10-02', 'Lamp,5,6', 'Desk,7,8', 'Chair,9,10'),
        lines('item,1.50,price', 'Lamp,red,6', 'Desk,2.00,8', 'Chair,9.00,10'),
      ])
        assert.equal((await readRows(documentOf(text))).parsed.tables[0]?.columns.length, 3);
    });

    it('loses a nameless column in which every cell is an empty pair of quotes', async () => {
      const text = '"order-id"\t"sku"\t""\n"1"\t"a"\t""\n"2"\t"b"\t""\n';
      const { columns } = await readRows(documentOf(text), { ...orders, quoting: 'outer' });
      assert.equal(columns.length, 5);
    });

    it('keeps a quoted cell that spans lines, in a row of any width', async () => {
      for (const text of [
        'a,b,c\n1,"x\ny"\n2,"p\nq",3\n',
        'a,b,c\n1,"x\ny",3,,\n2,"p\nq",3\n',
        'a,b,c,\r\n1,"x\ny",3\r\n2,"p\nq",3\r\n',
      ]) {
        const { rows } = await readRows(documentOf(text));
        assert.deepEqual(
          rows.map(({ a, b }) => [a, b]),
          [
            ['1', 'x\ny'],
            ['2', 'p\nq'],
          ],
          text,
        );
      }
    });

    it('notices that a quote has swallowed a row, even if the row is as wide as the header', async () => {
      const text = 'sku,asin,price,quantity\nA1,"5 inch,1.00,1\nA2,7",2.00,2\nA3,z,3.00,3\n';
      const { rows } = await readRows(documentOf(text));
      assert.deepEqual(
        rows.map(({ sku, quantity }) => [sku, quantity]),
        [
          ['A1', '1'],
          ['A2', '2'],
          ['A3', '3'],
        ],
      );
    });

    it('keeps its rows if lines end in carriage returns alone, with and without an open quote', async () => {
      for (const cell of ['x', '"x']) {
        const { rows } = await readRows(documentOf(`sku,asin,price\rA1,${cell},1.00\rA2,y,2.00\r`));
        assert.deepEqual(
          rows.map(({ sku }) => sku),
          ['A1', 'A2'],
        );
      }
    });

    it('rejects a number with the other decimal mark if that cannot separate groups of digits', async () => {
      const { rows, rejects } = await readRows(
        documentOf('order-id\tamount\n1\t1.141,18\n2\t2,50\n3\t0.441\n', germany),
        orders,
      );
      assert.deepEqual(
        [rows.map(({ amount }) => amount), rejects.map(({ raw }) => raw)],
        [['1141.18', '2.5', null], ['0.441']],
      );
    });

    it('has a warning if only the marketplace decided the decimal mark', async () => {
      const { rows, parsed } = await readRows(documentOf('order-id\tamount\n1\t1.250\n', germany), orders);
      assert.equal(rows[0]?.amount, '1250');
      assert.deepEqual(parsed.warnings, [
        {
          code: 'DECIMAL_MARK_GUESSED',
          message:
            '1 number may have a decimal mark or separate thousands, such as "1.250" in amount: 1.25 (decimal point) or 1250 (decimal comma). Read with decimal comma, usual in the marketplace DE.',
        },
      ]);
    });

    it('reads a telephone number as text, and keeps quotes that the header does not have', async () => {
      const phones = await readRows(documentOf('contact\tqty\n+4915112345678\t1\n'));
      assert.deepEqual(phones.columns, ['contact string', 'qty int64']);
      const outer = { ...orders, quoting: 'outer' as const };
      const { rows } = await readRows(documentOf('order-id\tsku\n1\t"Best" lamp 12"\n'), outer);
      assert.equal(rows[0]?.sku, '"Best" lamp 12"');
    });

    it('takes time in proportion to its length, however many quotes are open and headers alike', async () => {
      const wide = `a,b\n1${',"a'.repeat(40_000)}\n`;
      const before = process.cpuUsage();
      await assert.rejects(readRows(documentOf(wide, {}, 100_000)), { code: 'TOO_MANY_COLUMNS' });
      const alike = `a,b\n1${',"a'.repeat(defaultDocumentLimits.maxColumns - 1)}\n`;
      const { columns } = await readRows(documentOf(alike, {}, 100_000));
      assert.equal(columns.length, defaultDocumentLimits.maxColumns);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 5_000_000, `${user / 1e6} s`);
    });

    it('has NULL for texts that mean "no value" in a string column, if the schema says so', async () => {
      const schema = delimitedSchema({ 'order-id': 'string', incentive: 'string', note: 'string' });
      const [table] = schema.tables;
      const column = table?.columns[1];
      if (column) column.nullTexts = true;
      const text = lines('order-id\tincentive\tnote', '1\tNEW:0.01\t--', '2\t--\tx', '3\tn/a\t', '4\tA\ty');
      const { rows, rejects } = await readRows(documentOf(text), schema);
      assert.deepEqual(
        rows.map(({ incentive, note }) => [incentive, note]),
        [
          ['NEW:0.01', '--'],
          [null, 'x'],
          [null, null],
          ['A', 'y'],
        ],
      );
      assert.deepEqual(rejects, []);
    });

    it('loses no cell: each is in a row or in a reject', async () => {
      const cell = fc.string({ unit: fc.constantFrom(...'ab1 ",;|é水.-'), maxLength: 6 });
      const table = fc.array(fc.array(cell, { minLength: 1, maxLength: 6 }), { maxLength: 12 });
      await fc.assert(
        fc.asyncProperty(
          table,
          fc.constantFrom('none', 'outer', 'csv'),
          fc.integer({ min: 1, max: 50 }),
          async (body, quoting, chunk) => {
            const write = {
              none: (text: string) => text,
              outer: (text: string) => `"${text}"`,
              csv: (text: string) => `"${text.replaceAll('"', '""')}"`,
            }[quoting as 'none'];
            const delimiter = quoting === 'csv' ? ',' : '\t';
            const header = ['one', 'two', 'three', 'four'];
            // A line of one blank cell is not a row.
            const kept = body.filter((cells) => cells.length > 1 || cells[0]?.trim() !== '');
            const text = [header, ...kept].map((cells) => cells.map(write).join(delimiter)).join('\n');
            const schema = delimitedSchema(Object.fromEntries(header.map((name) => [name, 'string'])), {
              quoting: quoting as 'none',
            });
            const { rows, rejects } = await readRows(
              documentOf(text, {}, chunk),
              quoting === 'csv' ? { ...schema, format: 'csv' } : schema,
            );
            kept.forEach((cells, index) => {
              const row = rows.find(({ _row }) => _row === String(index + 1));
              const reject = rejects.find((each) => each.row === index + 1);
              if (reject) {
                for (const each of cells)
                  assert.ok(reject.raw.includes(write(each)) || reject.raw.includes(each));
              } else {
                const values = header.map((name) => row?.[name] ?? '');
                const written = cells.concat(Array(4).fill('')).slice(0, 4);
                assert.deepEqual(values, written);
                assert.ok(cells.slice(4).every((each) => each.trim() === ''));
              }
            });
            assert.equal(rows.length + rejects.length, kept.length);
          },
        ),
        { numRuns: runs(200) },
      );
    });
  });
