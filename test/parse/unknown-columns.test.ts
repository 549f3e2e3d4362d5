import assert from 'node:assert/strict';
import fc from 'fast-check';
import { delimitedSchema } from './delimited-schema.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';
import { runs } from '../property-runs.js';

const schema = delimitedSchema({ id: 'string' });

/** The type and the values that both engines give a column with an unknown header. */
async function read(values: string[], header = 'New Column') {
  const lines = [`id\t${header}`, ...values.map((value, index) => `${index}\t${value}`)];
  const documents = await Promise.all(
    (['columnar', 'reference'] as const).map((engine) =>
      readRows(documentOf(`${lines.join('\n')}\n`), schema, engine),
    ),
  );
  const [columnar, reference] = documents.map(({ columns, rows, rejects }) => {
    const [name = '', type = ''] = columns[1]?.split(' ') ?? [];
    return { type, values: rows.map((row) => row[name]), rejects };
  });
  assert.deepEqual(columnar, reference);
  assert.deepEqual(columnar?.rejects, []);
  return { type: columnar?.type, values: columnar?.values };
}

describe('a column that the schema does not know', () => {
  for (const [what, values, type, read_] of [
    ['whole numbers', ['5', '-12', ''], 'int64', ['5', '-12', null]],
    ['decimals', ['5.25', '1,234.5', '--'], 'decimal(18,4)', ['5.25', '1234.5', null]],
    ['dates', ['2026-11-05', '2026-02-28'], 'date', ['2026-11-05', '2026-02-28']],
    ['truth values', ['true', 'false'], 'bool', ['true', 'false']],
  ] as const) {
    it(`of ${what} has their type`, async () => {
      assert.deepEqual(await read([...values]), { type, values: [...read_] });
    });
  }

  it('of times has the type timestamp', async () => {
    assert.equal((await read(['2026-11-05 10:00:00 UTC'])).type, 'timestamp');
  });

  for (const [what, values] of [
    ['ids with leading zeros', ['0012', '0013']],
    ['long whole numbers', ['4006381333931', '5012345678900']],
    ['telephone numbers', ['+4930123456', '+4940123456']],
    ['numbers and texts', ['12', 'twelve']],
    ['dates and texts', ['2026-11-05', 'soon']],
    ['nothing', ['', '']],
  ] as const) {
    it(`of ${what} stays text as written`, async () => {
      const found = await read([...values]);
      assert.equal(found.type, 'string');
      assert.deepEqual(
        found.values,
        values.map((value) => (value === '' ? null : value)),
      );
    });
  }

  it('with the header of an id stays text', async () => {
    for (const header of ['campaign-id', 'Bestellnummer', 'Número de teléfono', 'téléphone']) {
      assert.equal((await read(['12', '13'], header)).type, 'string', header);
    }
  });

  it('has the type of all of its values, however late one differs', async () => {
    const types = ['5', '1.5', '2026-11-05', 'text', '', '007'];
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...types),
        fc.constantFrom(...types),
        fc.integer({ min: 1500, max: 3000 }),
        async (first, last, rows) => {
          const values = [...Array.from({ length: rows }, () => first), last];
          const short = await read([first, last]);
          const long = await read(values);
          assert.equal(long.type, short.type);
          assert.equal(long.values?.at(-1), short.values?.at(-1));
        },
      ),
      { numRuns: runs(20) },
    );
  });
});
