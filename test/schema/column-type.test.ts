import assert from 'node:assert/strict';
import { columnTypeText, meantType, readColumnType, widerType } from '../../src/schema/column-type.js';
import type { ColumnType } from '../../src/schema/types.js';

const typeOf = (text: string) => {
  const type = readColumnType(text);
  assert.ok(type, text);
  return type as ColumnType;
};

describe('column types', () => {
  it('are printed as they are read', () => {
    for (const text of [
      'string',
      'decimal(18,4)',
      'json',
      'list(string)',
      'list(decimal(38,10))',
      'list(timestamp)',
    ]) {
      assert.equal(columnTypeText(typeOf(text)), text);
    }
  });

  it('are not read from other texts: no list of lists, of JSON, or of nothing', () => {
    for (const text of [
      'list',
      'list()',
      'list(json)',
      'list(list(string))',
      'list(text)',
      'decimal(39,1)',
      'decimal(2,3)',
    ]) {
      assert.equal(readColumnType(text), undefined, text);
    }
  });

  it('are known by the names that other databases have for them', () => {
    for (const [text, meant] of [
      ['integer', 'int64'],
      ['BIGINT', 'int64'],
      ['varchar(20)', 'string'],
      ['Double  Precision', 'float64'],
      ['float', 'float64'],
      ['Boolean', 'bool'],
      ['datetime', 'timestamp'],
      ['TIMESTAMP', 'timestamp'],
      ['numeric', 'decimal(18,4)'],
      ['NUMERIC(10, 2)', 'decimal(10,2)'],
      ['decimal(12)', 'decimal(12,0)'],
      ['decimal(39,4)', 'decimal(18,4)'],
      ['ARRAY<STRING>', 'list(string)'],
      ['array(varchar)', 'list(string)'],
      ['integer[]', 'list(int64)'],
      ['dat', undefined],
      ['list(jsonb)', undefined],
      ['', undefined],
    ] as const)
      assert.equal(meantType(text), meant, text);
    // Names that every object of the language has.
    for (const text of ['constructor', 'tostring', 'constructor(1)', 'list(constructor)'])
      assert.equal(meantType(text), undefined, text);
  });

  it('widen to the narrowest that holds both, in any order except for lists and JSON', () => {
    for (const [a, b, wider] of [
      ['int64', 'decimal(18,4)', 'decimal(23,4)'],
      ['date', 'timestamp', 'timestamp'],
      ['json', 'int64', 'string'],
      ['list(int64)', 'list(int64)', 'list(int64)'],
      ['list(int64)', 'list(decimal(18,4))', 'list(decimal(23,4))'],
      ['list(date)', 'list(timestamp)', 'list(timestamp)'],
      ['list(int64)', 'list(string)', 'list(string)'],
      ['list(bool)', 'list(int64)', 'list(string)'],
      ['list(string)', 'string', 'string'],
      ['list(int64)', 'int64', 'string'],
    ] as const) {
      assert.equal(columnTypeText(widerType(typeOf(a), typeOf(b))), wider, `${a}, ${b}`);
      assert.equal(columnTypeText(widerType(typeOf(b), typeOf(a))), wider, `${b}, ${a}`);
    }
    assert.equal(columnTypeText(widerType(typeOf('json'), typeOf('list(string)'))), 'json');
    assert.equal(columnTypeText(widerType(typeOf('list(string)'), typeOf('json'))), 'string');
  });
});
