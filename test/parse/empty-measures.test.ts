import assert from 'node:assert/strict';
import { tableFromArrays } from 'apache-arrow';
import { EmptyMeasures } from '../../src/parse/checks/empty-measures.js';
import type { ParsedTable } from '../../src/parse/types.js';
import type { ColumnType, ResolvedColumn } from '../../src/schema/types.js';

const column = (name: string, kind: ColumnType['kind']): ResolvedColumn => ({
  name,
  header: name,
  type: { kind } as ColumnType,
  origin: 'schema',
});

/** The measures of a table, after rows in batches. */
function measuresOf(columns: ResolvedColumn[], ...batches: Record<string, unknown[]>[]): EmptyMeasures {
  const table: ParsedTable = { name: 't', columns, load: { mode: 'replace', key: [] } };
  const measures = new EmptyMeasures([table]);
  for (const values of batches) {
    for (const batch of tableFromArrays(values).batches) measures.add('t', batch);
  }
  return measures;
}

describe('the numeric columns of a table', () => {
  const columns = [column('sku', 'string'), column('units', 'int64'), column('sales', 'float64')];
  const zeros = { sku: ['a', 'b'], units: [0n, null], sales: [0, 0] };

  it('are all empty if no row has a value other than NULL and zero, whatever its texts say', () => {
    const measures = measuresOf(columns, zeros, zeros);
    assert.deepEqual(measures.of('t'), ['units', 'sales']);
    assert.equal(measures.areAll('t'), true);
  });

  it('are not all empty if one of them has a value in any batch', () => {
    const measures = measuresOf(columns, zeros, { ...zeros, sales: [0, 1.5] });
    assert.deepEqual(measures.of('t'), ['units']);
    assert.equal(measures.areAll('t'), false);
  });

  it('are not all empty if there are none', () => {
    assert.equal(measuresOf([column('sku', 'string')], { sku: ['a'] }).areAll('t'), false);
    assert.equal(measuresOf(columns, zeros).areAll('unknown'), false);
  });
});
