import assert from 'node:assert/strict';
import fc from 'fast-check';
import { matchesReportType } from '../../src/config/report-types.js';
import { marketplaceId, marketplaces } from '../../src/schema/marketplaces.js';

describe('the report types of a pipeline', () => {
  const type = fc.stringMatching(/^[A-Z][A-Z0-9_]{0,30}$/);

  it('are matched by *, by their own name, and by a pattern that covers them', () => {
    fc.assert(
      fc.property(type, fc.nat(30), (reportType, at) => {
        assert.ok(matchesReportType(['*'], reportType));
        assert.ok(matchesReportType(['GET_OTHER', reportType], reportType));
        const [head, tail] = [reportType.slice(0, at), reportType.slice(at)];
        for (const pattern of [`${head}*`, `*${tail}`, `${head}*${tail}`])
          assert.ok(matchesReportType([pattern], reportType), pattern);
      }),
    );
  });

  it('are matched by nothing less than the whole name', () => {
    fc.assert(
      fc.property(type, type, (wanted, more) => {
        for (const reportType of [`${wanted}${more}`, `${more}${wanted}`]) {
          assert.equal(matchesReportType([wanted], reportType), reportType === wanted);
        }
      }),
    );
    assert.ok(!matchesReportType(['GET_FBA_*'], 'GET_MERCHANT_LISTINGS_ALL_DATA'));
    assert.ok(!matchesReportType(['GET_FBA_*'], 'XGET_FBA_X'));
    assert.ok(!matchesReportType([], 'GET_X'));
  });
});

describe('marketplaces', () => {
  it('are found by id and by country code, in any case', () => {
    for (const [id, { country }] of Object.entries(marketplaces)) {
      assert.equal(marketplaceId(id.toLowerCase()), id);
      assert.equal(marketplaceId(country.toLowerCase()), id);
    }
    assert.equal(marketplaceId('GB'), marketplaceId('UK'));
    for (const none of ['', 'XX', 'constructor', '__proto__'])
      assert.equal(marketplaceId(none), undefined, none);
  });

  it('are 23, each with its own country', () => {
    const countries = Object.values(marketplaces).map(({ country }) => country);
    assert.deepEqual([countries.length, new Set(countries).size], [23, 23]);
  });
});
