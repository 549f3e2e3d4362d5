import assert from 'node:assert/strict';
import fc from 'fast-check';
import { safeName } from '../../src/files/safe-name.js';

describe('a safe name', () => {
  it('is the id itself if every file system accepts it', () => {
    for (const id of ['amzn1.spdoc.1.4.na.0a-b.T1.2651', 'A1B2', 'console', 'COM10', 'a.con']) {
      assert.equal(safeName(id), id);
    }
  });

  it('is never a name that Windows reserves or shortens', () => {
    const names = ['CON', 'nul', 'aux.txt', 'Com1', 'LPT9.a.b', 'PRN', 'a.', 'a..', '.'].map(safeName);
    assert.deepEqual(names, [
      '%43ON',
      '%6Eul',
      '%61ux.txt',
      '%43om1',
      '%4CPT9.a.b',
      '%50RN',
      'a%2E',
      'a.%2E',
      '%2E',
    ]);
  });

  it('differs for any two ids', () => {
    const id = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom('CON', '%43ON', 'a.', 'a%2E', '.', '%2E', ''),
    );
    fc.assert(fc.property(id, id, (a, b) => assert.equal(safeName(a) === safeName(b), a === b)));
  });
});
