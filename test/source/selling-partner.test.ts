import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ReportsError } from '../../src/errors/reports-error.js';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js';
import { openSharedJson } from '../../src/files/shared-json.js';
import { systemClock } from '../../src/runtime/clock.js';
import { openQuotaPlan, quotaJson } from '../../src/source/selling-partner/quota.js';
import { openSellingPartner } from '../../src/source/selling-partner/selling-partner.js';
import type { SellingPartner } from '../../src/source/types.js';
import { onVirtualClock } from '../runtime/virtual-clock.js';
import { generousPlans } from '../ingest/world.js';
import { silent } from '../files/recorded-warnings.js';

const sellerId = 'A1TESTSELLER';
const listings = 'GET_MERCHANT_LISTINGS_ALL_DATA';
const restricted = 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING';
const body = Buffer.from('a\tb\n');

const failsWith = (code: string) => (error: unknown) => error instanceof ReportsError && error.code === code;

describe('the Selling Partner API client', () => {
  let sandbox: Sandbox;
  let folder: string;

  async function open(
    options: SandboxOptions = {},
    change: { clientSecret?: string } = {},
    clock = systemClock,
  ): Promise<SellingPartner> {
    sandbox = await startSandbox({ plans: generousPlans, now: clock.now, ...options });
    sandbox.addSeller({ sellerId, region: 'na', marketplaces: ['ATVPDKIKX0DER'] });
    return openSellingPartner({
      seller: { id: sellerId, region: 'na', credentials: { ...sandbox.credentialsFor(sellerId), ...change } },
      quota: openQuotaPlan({ state: openSharedJson(join(folder, 'quota.json'), quotaJson, silent) }),
      endpoint: sandbox.apiEndpoint,
      loginUrl: sandbox.loginUrl,
      clock,
    });
  }
  const operations = () => sandbox.state.calls.map(({ operation, status }) => `${operation} ${status}`);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-api-'));
  });
  afterEach(async () => {
    await sandbox.close();
    rmSync(folder, { recursive: true });
  });

  it('logs in once for many calls at the same time', async () => {
    const seller = await open();
    const { reportId } = sandbox.addReport({ sellerId, reportType: listings, body });
    const reports = await Promise.all(Array.from({ length: 12 }, () => seller.getReport(reportId, {})));
    assert.equal(new Set(reports.map((report) => report.documentId)).size, 1);
    assert.equal(operations().filter((each) => each.startsWith('login')).length, 1);
  });

  it('says when the quota of createReport is taken, and makes no call if the caller forbids it', async () => {
    const seller = await open();
    const wanted = { reportType: listings, marketplaceIds: ['ATVPDKIKX0DER'], reportOptions: {} };
    const created = () => operations().filter((each) => each.startsWith('createReport')).length;
    const seen: number[] = [];
    await seller.createReport(wanted, { onTaken: async () => void seen.push(created()) });
    assert.deepEqual([seen, created()], [[0], 1]);
    const onTaken = async () => {
      throw new Error('not now');
    };
    await assert.rejects(seller.createReport(wanted, { onTaken }), /not now/);
    assert.equal(created(), 1);
  });

  it('renews a token that has expired', async () => {
    let passedMs = 0;
    const clock = { ...systemClock, now: () => Date.now() + passedMs };
    const seller = await open({ tokenSeconds: 3600 }, {}, clock);
    const { reportId } = sandbox.addReport({ sellerId, reportType: listings, body });
    await seller.getReport(reportId, {});
    await seller.getReport(reportId, {});
    passedMs += 3_600_000;
    await seller.getReport(reportId, {});
    const kinds = operations().map((each) => each.replace(/ 200$/, ''));
    assert.deepEqual(kinds, ['login', 'getReport', 'getReport', 'login', 'getReport']);
  });

  it('names the seller that cannot log in, never the secret, and does not retry at once', async () => {
    const seller = await open({}, { clientSecret: 'hush-hush' });
    for (const _ of [1, 2, 3]) {
      await assert.rejects(seller.getReport('1', {}), (error) => {
        assert.ok(failsWith('LOGIN_REFUSED')(error));
        assert.match(String(error), /A1TESTSELLER.*401 invalid_client/);
        assert.doesNotMatch(JSON.stringify(error) + String(error), /hush-hush/);
        return true;
      });
    }
    assert.deepEqual(operations(), ['login 401']);
  });

  it('requests a restricted data token if the type is restricted, known beforehand or not', async () => {
    const seller = await open();
    const { documentId = '' } = sandbox.addReport({ sellerId, reportType: restricted, body });
    assert.match((await seller.getReportDocument(documentId, { restricted: true })).url, /^http/);
    assert.deepEqual(operations().slice(1), ['createRestrictedDataToken 200', 'getReportDocument 200']);
    sandbox.state.calls.length = 0;
    assert.match((await seller.getReportDocument(documentId, { restricted: false })).url, /^http/);
    assert.deepEqual(operations(), [
      'getReportDocument 403',
      'createRestrictedDataToken 200',
      'getReportDocument 200',
    ]);
  });

  it('distinguishes what is gone from what is refused', async () => {
    const seller = await open();
    await assert.rejects(seller.getReport('404', {}), failsWith('API_NOT_FOUND'));
    await assert.rejects(seller.getReportDocument('x', { restricted: false }), failsWith('API_NOT_FOUND'));
    sandbox.state.faults.answers.set('getReport', { status: 400, times: 1 });
    await assert.rejects(seller.getReport('1', {}), failsWith('API_REQUEST_REFUSED'));
  });

  it('retries a few times after a 5xx', async () => {
    const seller = await open();
    const { reportId } = sandbox.addReport({ sellerId, reportType: listings, body });
    sandbox.state.faults.answers.set('getReport', { status: 503, times: 2 });
    assert.equal((await seller.getReport(reportId, {})).reportId, reportId);
    sandbox.state.faults.answers.set('getReport', { status: 503, times: 4 });
    await assert.rejects(seller.getReport(reportId, {}), failsWith('API_UNAVAILABLE'));
  });

  it('waits by the rate that Amazon reports after a 429, but not beyond the deadline', async () => {
    const seller = await open({ plans: { ...generousPlans, getReport: { callsPerSecond: 5, burst: 2 } } });
    const { reportId } = sandbox.addReport({ sellerId, reportType: listings, body });
    for (let call = 0; call < 4; call += 1) await seller.getReport(reportId, {});
    assert.ok(operations().includes('getReport 429'));
    sandbox.state.faults.answers.set('getReport', { status: 429, times: 1 });
    await assert.rejects(
      seller.getReport(reportId, { deadlineMs: Date.now() + 20 }),
      failsWith('API_QUOTA_EXCEEDED'),
    );
  });

  it('reports that there is no answer', async () => {
    const seller = await open();
    await sandbox.close();
    await assert.rejects(seller.getReport('1', {}), (error) => {
      assert.ok(failsWith('API_UNREACHABLE')(error));
      assert.match(String(error), /no answer from http:\/\/127\.0\.0\.1:\d+ \(ECONNREFUSED, 4 times\)/);
      return true;
    });
    sandbox = await startSandbox();
  });

  it('lists reports page by page, ten types per call', async () => {
    const seller = await open();
    for (let index = 0; index < 120; index += 1) sandbox.addReport({ sellerId, reportType: listings, body });
    sandbox.addReport({ sellerId, reportType: 'GET_TYPE_14', body });
    sandbox.addReport({ sellerId, reportType: listings, status: 'CANCELLED' });
    const reportTypes = [listings, ...Array.from({ length: 15 }, (_, index) => `GET_TYPE_${index}`)];
    const createdSince = new Date(Date.now() - 3_600_000);
    const found = new Set<string>();
    for await (const report of seller.getReports({ reportTypes, statuses: ['DONE'], createdSince }, {})) {
      found.add(report.reportId);
    }
    assert.equal(found.size, 121);
    assert.equal(operations().filter((each) => each === 'getReports 200').length, 3);
  });

  it('stops when its signal is aborted', async () => {
    const seller = await open();
    sandbox.state.faults.holds.set('login', { ms: 5000, times: 1 });
    const abort = new AbortController();
    const pending = seller.getReport('1', { signal: abort.signal });
    // By then, the login is usually on its way; it makes no difference if it is not.
    setTimeout(() => abort.abort(), 50);
    await assert.rejects(pending, { name: 'AbortError' });
  });

  it('treats an answer without its required fields as no answer', async () => {
    await open();
    for (const answer of ['<html>busy</html>', '{}', '[]', '{"reports":{}}', '{"reports":[{}]}']) {
      const server = createServer((request, response) => {
        const isLogin = request.url?.includes('token');
        response.end(isLogin ? '{"access_token":"a","expires_in":3600}' : answer);
      }).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
      const seller = openSellingPartner({
        seller: {
          id: sellerId,
          region: 'na',
          credentials: { clientId: 'c', clientSecret: 's', refreshToken: 'r' },
        },
        quota: openQuotaPlan({ state: openSharedJson(join(folder, 'quota.json'), quotaJson, silent) }),
        endpoint,
        loginUrl: `${endpoint}/token`,
      });
      await assert.rejects(seller.getReport('1', {}), failsWith('API_UNAVAILABLE'), answer);
      await assert.rejects(
        seller.getReportDocument('d', { restricted: false }),
        failsWith('API_UNAVAILABLE'),
        answer,
      );
      const filter = { reportTypes: [listings], statuses: [], createdSince: new Date() };
      await assert.rejects(async () => {
        for await (const _ of seller.getReports(filter, {}));
      }, failsWith('API_UNAVAILABLE'));
      server.closeAllConnections();
      server.close();
    }
  });

  it('does not mistake an outage of the token service for a refusal', async () => {
    const seller = await open();
    const { documentId = '' } = sandbox.addReport({ sellerId, reportType: restricted, body });
    sandbox.state.faults.answers.set('createRestrictedDataToken', { status: 503, times: 4 });
    await assert.rejects(
      seller.getReportDocument(documentId, { restricted: false }),
      failsWith('API_UNAVAILABLE'),
    );
  });

  it('does not mistake an answer to a login without a token for a refusal', async () => {
    const seller = await open();
    sandbox.state.faults.answers.set('login', { status: 200, times: 1 });
    await assert.rejects(seller.getReport('1', {}), failsWith('API_UNAVAILABLE'));
  });

  it('gives up a call that is throttled again and again, whatever rate Amazon reports', async () => {
    await onVirtualClock(async () => {
      const seller = await open();
      sandbox.state.faults.answers.set('getReport', { status: 429, times: 100 });
      await assert.rejects(seller.getReport('1', {}), failsWith('API_QUOTA_EXCEEDED'));
    });
    assert.equal(operations().filter((each) => each === 'getReport 429').length, 5);
  });

  it('aborts a login without an answer when no caller waits for it any more', async () => {
    const seller = await open();
    sandbox.state.faults.holds.set('login', { ms: 5000, times: 1 });
    const stop = new AbortController();
    // By then, the login is usually on its way; it makes no difference if it is not.
    setTimeout(() => stop.abort(new Error('stopped')), 50);
    await assert.rejects(seller.getReport('1', { signal: stop.signal }), { message: 'stopped' });
    // The next one logs in again.
    const { reportId } = sandbox.addReport({ sellerId, reportType: listings, body });
    assert.equal((await seller.getReport(reportId, {})).reportId, reportId);
  });
});
