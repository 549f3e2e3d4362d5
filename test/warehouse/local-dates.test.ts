import assert from 'node:assert/strict';
import fc from 'fast-check';
import { withLocalDates } from '../../src/warehouse/rules/local-dates.js';

const asText = (sql: string) => withLocalDates(sql, (time, zone) => `day<${time}|${zone}>`);

describe('LOCAL_DATE in the SQL of a view', () => {
  it('is replaced with its two arguments, which may contain calls, commas in texts, and itself', () => {
    assert.equal(
      asText("SELECT LOCAL_DATE(COALESCE(a, b), 'Europe/Berlin'), local_date (x, y) FROM t"),
      "SELECT day<COALESCE(a, b)|'Europe/Berlin'>, day<x|y> FROM t",
    );
    assert.equal(asText("LOCAL_DATE(f('a, (b'), c)"), "day<f('a, (b')|c>");
    assert.equal(asText('LOCAL_DATE(LOCAL_DATE(a, b), c)'), 'day<day<a|b>|c>');
  });

  it('stays as it is with another number of arguments, so that the warehouse refuses it', () => {
    for (const sql of ['LOCAL_DATE(a)', 'LOCAL_DATE(a, b, c)', 'LOCAL_DATE()', 'LOCAL_DATE(a, b']) {
      assert.equal(asText(sql), sql);
    }
  });

  it('is nothing that a longer name or another text contains', () => {
    const other = fc.stringMatching(/^[a-z ,()'_]{0,30}$/);
    fc.assert(
      fc.property(other, (text) => {
        fc.pre(!/\blocal_date\b/i.test(text));
        assert.equal(asText(text), text);
      }),
    );
    assert.equal(asText('MY_LOCAL_DATE(a, b)'), 'MY_LOCAL_DATE(a, b)');
  });
});
