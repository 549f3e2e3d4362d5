import assert from 'node:assert/strict';
import { readColumnType } from '../../src/schema/column-type.js';
import { marketplaces } from '../../src/schema/marketplaces.js';
import { type ValueExample, valueRules } from '../../src/schema/value-rules.js';
import { delimitedSchema } from './delimited-schema.js';
import { documentOf } from './document-of.js';
import { readRows } from './read-rows.js';

/** The last row of a document that ends with the example, after its context. */
async function readExample(example: ValueExample, engine: 'columnar' | 'reference') {
  const type = readColumnType(example.type);
  assert.ok(type, example.type);
  const texts = [...(example.beside === undefined ? [] : [example.beside]), example.text];
  const lines = ['id\tvalue', ...texts.map((text, index) => `${index}\t${text}`)];
  const marketplaceIds = Object.keys(marketplaces).filter(
    (id) => marketplaces[id]?.country === example.country,
  );
  const { rows, rejects } = await readRows(
    documentOf(`${lines.join('\n')}\n`, { marketplaceIds }),
    delimitedSchema({ id: 'string', value: example.type }),
    engine,
  );
  const found = rows.at(-1)?.value ?? null;
  const value = type.kind === 'timestamp' && found !== null ? new Date(Number(found)).toISOString() : found;
  return { value, rejected: rejects.map(({ raw }) => raw) };
}

describe('the rules for values of documents:', () => {
  for (const { rule, examples } of valueRules) {
    it(rule, async () => {
      for (const example of examples) {
        const { type, text, value, isRejected } = example;
        for (const engine of ['columnar', 'reference'] as const) {
          assert.deepEqual(
            await readExample(example, engine),
            { value, rejected: isRejected ? [text] : [] },
            `${type} ${JSON.stringify(text)}, ${engine} engine`,
          );
        }
      }
    });
  }

  it('each type has an example', () => {
    const kinds = new Set(
      valueRules.flatMap(({ examples }) => examples.map(({ type }) => readColumnType(type)?.kind)),
    );
    assert.deepEqual([...kinds].sort(), [
      'bool',
      'date',
      'decimal',
      'float64',
      'int64',
      'json',
      'list',
      'string',
      'timestamp',
    ]);
  });
});
