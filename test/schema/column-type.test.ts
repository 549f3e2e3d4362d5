import assert from 'node:assert/strict';
import { columnTypeText, readColumnType, widerType } from '../../src/schema/column-type.js';
import type { ColumnType } from '../../src/schema/types.js';

const typeOf = (text: string) => {
  const type = readColumnType(text);
  assert.ok(type, text);
  return type as ColumnType;
};

describe('column types', () => {
  it('are written as they are read', () => {
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

  it('are not read out of other things: no list of lists, of JSON, or of nothing', () => {
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

  it('widen to the narrowest that holds both, whichever comes first but for lists and JSON', () => {
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
