import assert from 'node:assert/strict';
import { schedulePeriods } from '../../src/config/request-spec.js';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { get, listingsType, reportPath, send, sellerId, tokenOf, withSandbox } from './client.js';

const nowMs = Date.UTC(2026, 9, 31);
const reports = '/reports/2021-06-30/reports';
const schedules = '/reports/2021-06-30/schedules';
const wanted = { reportType: listingsType, marketplaceIds: ['ATVPDKIKX0DER'] };

const post = async (sandbox: Sandbox, path: string, body: object) =>
  send(sandbox, 'POST', path, await tokenOf(sandbox), body);

describe('the sandbox report requests', () => {
  for (const [name, body] of Object.entries({
    'without a type': { marketplaceIds: wanted.marketplaceIds },
    'without marketplaces': { reportType: listingsType },
    'for data in the future': { ...wanted, dataEndTime: '2026-11-01T00:00:00Z' },
    'that ends before it begins': {
      ...wanted,
      dataStartTime: '2026-10-02T00:00:00Z',
      dataEndTime: '2026-10-01T00:00:00Z',
    },
    'for a type that Amazon makes by itself': {
      ...wanted,
      reportType: 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2',
    },
  })) {
    it(`refuse a request ${name}`, () =>
      withSandbox({ now: () => nowMs }, async (sandbox) => {
        assert.equal((await post(sandbox, reports, body)).status, 400);
        assert.equal(sandbox.state.reports.length, 0);
      }));
  }

  it('are processed in steps, end with a notification, and can be cancelled before', () =>
    withSandbox({ now: () => nowMs }, async (sandbox) => {
      const ids = [];
      for (let index = 0; index < 2; index += 1)
        ids.push((await post(sandbox, reports, wanted)).body.reportId);
      const token = await tokenOf(sandbox);
      assert.equal((await send(sandbox, 'DELETE', reportPath(ids[1]), token)).status, 200);
      assert.deepEqual(await sandbox.stepReports(), []);
      assert.deepEqual(
        (await sandbox.stepReports()).map(({ reportId, status }) => [reportId, status]),
        [[ids[0], 'DONE']],
      );
      assert.equal((await sandbox.queueDepth()).visible, 1);
      const { body } = await get(sandbox, reportPath(ids[1]), token);
      assert.equal(body.processingStatus, 'CANCELLED');
    }));

  it('come from one schedule for a type and its marketplaces', async () => {
    let clockMs = nowMs;
    await withSandbox({ now: () => clockMs }, async (sandbox) => {
      await post(sandbox, schedules, { ...wanted, period: 'P30D' });
      const { reportScheduleId } = (await post(sandbox, schedules, { ...wanted, period: 'P1D' })).body;
      const token = await tokenOf(sandbox);
      const { body } = await get(sandbox, `${schedules}?reportTypes=${listingsType}`, token);
      assert.deepEqual(
        body.reportSchedules.map(({ period, nextReportCreationTime }: Record<string, string>) => [
          period,
          nextReportCreationTime,
        ]),
        [['P1D', '2026-11-01T00:00:00.000Z']],
      );
      clockMs += 86_400_000;
      for (let step = 0; step < 3; step += 1) await sandbox.stepReports();
      const made = sandbox.state.reports.map((report) => [
        report.sellerId,
        report.status,
        report.reportScheduleId,
      ]);
      assert.deepEqual(made, [[sellerId, 'DONE', reportScheduleId]]);
    });
  });

  it('support every schedule period', () =>
    withSandbox({}, async (sandbox) => {
      for (const period of schedulePeriods)
        assert.equal((await post(sandbox, schedules, { ...wanted, period })).status, 201, period);
    }));
});

describe('the sandbox reports for some items', () => {
  const reportType = 'GET_BRAND_ANALYTICS_SEARCH_QUERY_PERFORMANCE_REPORT';
  const week = { dataStartTime: '2026-10-18T00:00:00Z', dataEndTime: '2026-10-24T23:59:59Z' };
  const of = (asin: string) => ({
    reportType,
    marketplaceIds: wanted.marketplaceIds,
    reportOptions: { reportPeriod: 'WEEK', asin },
    ...week,
  });
  const asin = (index: number) => `B${String(index).padStart(9, '0')}`;

  it('refuse more than 18 items or 200 characters, and a request without items', () =>
    withSandbox({ now: () => nowMs }, async (sandbox) => {
      const items = (count: number) => Array.from({ length: count }, (_, index) => asin(index)).join(' ');
      const statuses = [];
      for (const each of [items(18), items(19), 'B'.repeat(201), ''])
        statuses.push((await post(sandbox, reports, of(each))).status);
      assert.deepEqual(statuses, [202, 400, 400, 400]);
    }));

  it('stay in the queue when 20 of a seller were begun in a day', async () => {
    let clockMs = nowMs;
    const plans = { createReport: { callsPerSecond: 1, burst: 100 } };
    await withSandbox({ now: () => clockMs, plans }, async (sandbox) => {
      for (let index = 0; index < 25; index += 1) await post(sandbox, reports, of(asin(index)));
      await sandbox.stepReports();
      assert.equal((await sandbox.stepReports()).length, 20);
      assert.equal((await sandbox.stepReports()).length, 0);
      clockMs += 24 * 3_600_000;
      await sandbox.stepReports();
      assert.equal((await sandbox.stepReports()).length, 5);
    });
  });
});
