import assert from 'node:assert/strict';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { get, listingsType, otherSellerId, sellerId, tokenOf, withSandbox } from './client.js';

const nowMs = Date.UTC(2026, 9, 31);
const returnsType = 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA';
const day = (number: number) => new Date(Date.UTC(2026, 9, number));

/** Ids of the reports that getReports finds. */
async function found(sandbox: Sandbox, query: Record<string, string>): Promise<string[]> {
  const { status, body } = await ask(sandbox, query);
  assert.equal(status, 200, JSON.stringify(body));
  return body.reports.map(({ reportId }: { reportId: string }) => reportId);
}

async function ask(sandbox: Sandbox, query: Record<string, string>) {
  return get(sandbox, `/reports/2021-06-30/reports?${new URLSearchParams(query)}`, await tokenOf(sandbox));
}

function withReports(test: (sandbox: Sandbox) => Promise<void>): Promise<void> {
  return withSandbox({ now: () => nowMs }, async (sandbox) => {
    const report = { sellerId, reportType: listingsType };
    sandbox.addReport({ ...report, reportId: '1', createdAt: day(1), body: Buffer.from('a') });
    sandbox.addReport({ ...report, reportId: '2', createdAt: day(2), status: 'CANCELLED' });
    sandbox.addReport({ ...report, reportId: '3', createdAt: day(3), reportType: returnsType });
    sandbox.addReport({ ...report, reportId: '4', createdAt: day(4), marketplaceIds: ['A2EUQ1WTGCTBG2'] });
    sandbox.addReport({ ...report, reportId: '5', createdAt: new Date(nowMs - 91 * 86_400_000) });
    sandbox.addReport({ sellerId: otherSellerId, reportType: listingsType, reportId: '6' });
    await test(sandbox);
  });
}

describe('the sandbox getReports', () => {
  it('finds the reports of a seller by type, newest first, 90 days back', () =>
    withReports(async (sandbox) => {
      assert.deepEqual(await found(sandbox, { reportTypes: listingsType }), ['4', '2', '1']);
      assert.deepEqual(await found(sandbox, { reportTypes: `${listingsType},${returnsType}` }), [
        '4',
        '3',
        '2',
        '1',
      ]);
      const since = new Date(nowMs - 100 * 86_400_000).toISOString();
      assert.deepEqual(await found(sandbox, { reportTypes: listingsType, createdSince: since }), [
        '4',
        '2',
        '1',
        '5',
      ]);
    }));

  it('filters by status, marketplace and time of creation, inclusive, in any spelling of a time', () =>
    withReports(async (sandbox) => {
      const reportTypes = `${listingsType},${returnsType}`;
      assert.deepEqual(await found(sandbox, { reportTypes, processingStatuses: 'CANCELLED,FATAL' }), ['2']);
      assert.deepEqual(await found(sandbox, { reportTypes, marketplaceIds: 'A2EUQ1WTGCTBG2,X' }), ['4']);
      const between = { createdSince: '2026-10-02T00:00:00Z', createdUntil: '2026-10-03T02:00:00+02:00' };
      assert.deepEqual(await found(sandbox, { reportTypes, ...between }), ['3', '2']);
    }));

  it('returns pages, each but the last with a token for the next page with the same filters', () =>
    withSandbox({ now: () => nowMs }, async (sandbox) => {
      for (let number = 0; number < 25; number += 1) {
        const reportType = number % 5 === 0 ? returnsType : listingsType;
        sandbox.addReport({ sellerId, reportType, reportId: `${number}`, createdAt: day(1) });
      }
      const pages: string[][] = [];
      let query: Record<string, string> = { reportTypes: listingsType, pageSize: '8' };
      for (;;) {
        const { body } = await ask(sandbox, query);
        pages.push(body.reports.map(({ reportId }: { reportId: string }) => reportId));
        if (!body.nextToken) break;
        query = { nextToken: body.nextToken };
      }
      assert.deepEqual(
        pages.map(({ length }) => length),
        [8, 8, 4],
      );
      assert.equal(new Set(pages.flat()).size, 20);
      assert.equal((await ask(sandbox, { reportTypes: listingsType })).body.reports.length, 10);
    }));

  for (const [what, query] of [
    ['neither types nor token', {}],
    ['11 types', { reportTypes: Array(11).fill(listingsType).join(',') }],
    ['11 marketplaces', { reportTypes: listingsType, marketplaceIds: Array(11).fill('X').join(',') }],
    ['a page size of 0', { reportTypes: listingsType, pageSize: '0' }],
    ['a page size of 101', { reportTypes: listingsType, pageSize: '101' }],
    ['an unknown status', { reportTypes: listingsType, processingStatuses: 'READY' }],
    ['an invalid time', { reportTypes: listingsType, createdSince: 'yesterday' }],
    ['a token beside another parameter', { nextToken: 'c3RhcnQ9MQ', reportTypes: listingsType }],
    ['an unknown token', { nextToken: 'eA' }],
  ] as [string, Record<string, string>][]) {
    it(`refuses ${what} with 400`, () =>
      withReports(async (sandbox) => {
        const { status, body } = await ask(sandbox, query);
        assert.equal(status, 400);
        assert.equal(body.errors[0].code, 'InvalidInput');
      }));
  }
});
