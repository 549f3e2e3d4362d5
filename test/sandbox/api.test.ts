import assert from 'node:assert/strict';
import { amazonsPlans } from '../../src/sandbox/rate-limits.js';
import {
  documentPath,
  get,
  listingsType,
  login,
  otherSellerId,
  reportPath,
  restrictedToken,
  restrictedType,
  sellerId,
  tokenOf,
  withSandbox,
} from './client.js';

const body = Buffer.from('item-name\tseller-sku\nLamp\t0042\n');

describe('the sandbox Login with Amazon', () => {
  it('returns an access token for a refresh token', () =>
    withSandbox({ tokenSeconds: 1800 }, async (sandbox) => {
      const answer = await login(sandbox);
      assert.equal(answer.status, 200);
      assert.match(answer.body.access_token, /^Atza\|/);
      assert.equal(answer.body.token_type, 'bearer');
      assert.equal(answer.body.expires_in, 1800);
    }));

  for (const [what, changed, status, error] of [
    ['a wrong client id', { client_id: 'other' }, 401, 'invalid_client'],
    ['a wrong client secret', { client_secret: 'other' }, 401, 'invalid_client'],
    ['a wrong refresh token', { refresh_token: 'Atzr|other' }, 400, 'invalid_grant'],
    ['another grant type', { grant_type: 'password' }, 400, 'unsupported_grant_type'],
  ] as const) {
    it(`refuses ${what} with ${status} ${error}`, () =>
      withSandbox({}, async (sandbox) => {
        const answer = await login(sandbox, sellerId, changed);
        assert.equal(answer.status, status);
        assert.equal(answer.body.error, error);
        assert.equal(answer.body.access_token, undefined);
      }));
  }
});

describe('the sandbox API access', () => {
  it('refuses a missing, an invented and an expired token with 403', async () => {
    let nowMs = Date.UTC(2026, 9, 1);
    await withSandbox({ tokenSeconds: 3600, now: () => nowMs }, async (sandbox) => {
      const { reportId } = sandbox.addReport({ sellerId, reportType: listingsType, body });
      const token = await tokenOf(sandbox);
      const path = reportPath(reportId);
      assert.equal((await get(sandbox, path)).status, 403);
      assert.equal((await get(sandbox, path, 'Atza|invented')).status, 403);
      nowMs += 3_599_000;
      assert.equal((await get(sandbox, path, token)).status, 200);
      nowMs += 1000;
      const { status, body: refused } = await get(sandbox, path, token);
      assert.equal(status, 403);
      assert.equal(refused.errors[0].code, 'Unauthorized');
      assert.match(refused.errors[0].details, /expired/);
    });
  });

  it('shows a seller nothing of another seller, whatever the id', () =>
    withSandbox({}, async (sandbox) => {
      const ids = { reportId: '50001', documentId: 'amzn1.spdoc.1.4.na.same' };
      sandbox.addReport({ sellerId, reportType: listingsType, body, ...ids });
      const alone = sandbox.addReport({ sellerId, reportType: listingsType, body });
      sandbox.addReport({ sellerId: otherSellerId, reportType: 'GET_FBA_REIMBURSEMENTS_DATA', body, ...ids });
      const [own, foreign] = [await tokenOf(sandbox), await tokenOf(sandbox, otherSellerId)];
      assert.equal((await get(sandbox, reportPath('50001'), own)).body.reportType, listingsType);
      assert.equal(
        (await get(sandbox, reportPath('50001'), foreign)).body.reportType,
        'GET_FBA_REIMBURSEMENTS_DATA',
      );
      assert.equal((await get(sandbox, reportPath(alone.reportId), foreign)).status, 404);
      assert.equal((await get(sandbox, documentPath(alone.documentId), foreign)).status, 404);
    }));

  it('answers 404 for what it never had', () =>
    withSandbox({}, async (sandbox) => {
      const token = await tokenOf(sandbox);
      for (const path of [reportPath('1'), documentPath('amzn1.spdoc.1'), '/orders/v0/orders']) {
        const { status, body: refused } = await get(sandbox, path, token);
        assert.equal(status, 404, path);
        assert.equal(refused.errors[0].code, 'NotFound');
      }
    }));
});

describe('the sandbox document access', () => {
  it('returns a restricted document only for a restricted data token of exactly its path', () =>
    withSandbox({}, async (sandbox) => {
      const first = sandbox.addReport({ sellerId, reportType: restrictedType, body });
      const second = sandbox.addReport({ sellerId, reportType: restrictedType, body });
      const path = documentPath(first.documentId);
      const token = await tokenOf(sandbox);
      const dataToken = async (of: string) =>
        (await restrictedToken(sandbox, token, of)).body.restrictedDataToken;

      assert.equal((await get(sandbox, path, token)).status, 403);
      assert.equal(
        (await get(sandbox, path, await dataToken(documentPath('{reportDocumentId}')))).status,
        403,
      );
      assert.equal((await get(sandbox, path, await dataToken(documentPath(second.documentId)))).status, 403);
      const opened = await get(sandbox, path, await dataToken(path));
      assert.equal(opened.status, 200);
      assert.deepEqual(
        Buffer.from(await (await fetch(opened.body.url)).arrayBuffer()),
        first.document?.bytes,
      );
    }));

  it('accepts a restricted data token for nothing else', () =>
    withSandbox({}, async (sandbox) => {
      const { documentId, reportId } = sandbox.addReport({ sellerId, reportType: restrictedType, body });
      const token = await tokenOf(sandbox);
      const { restrictedDataToken } = (await restrictedToken(sandbox, token, documentPath(documentId))).body;
      assert.equal((await get(sandbox, reportPath(reportId), restrictedDataToken)).status, 403);
    }));

  it('refuses a restricted data token for a path without a document, and for an invalid body', () =>
    withSandbox({}, async (sandbox) => {
      const token = await tokenOf(sandbox);
      assert.equal((await restrictedToken(sandbox, token, '/orders/v0/orders')).status, 400);
      for (const wrong of ['', '{', '{}', '{"restrictedResources":[]}']) {
        const answer = await fetch(`${sandbox.apiEndpoint}/tokens/2021-03-01/restrictedDataToken`, {
          method: 'POST',
          headers: { 'x-amz-access-token': token },
          body: wrong,
        });
        assert.equal(answer.status, 400, wrong);
      }
    }));

  it('treats a report as restricted if a test says so, whatever its type', () =>
    withSandbox({}, async (sandbox) => {
      const { documentId } = sandbox.addReport({
        sellerId,
        reportType: listingsType,
        body,
        restricted: true,
      });
      assert.equal((await get(sandbox, documentPath(documentId), await tokenOf(sandbox))).status, 403);
    }));
});

describe('the sandbox usage plans', () => {
  it('match those of Amazon unless a test changes them, and appear in x-amzn-RateLimit-Limit', () =>
    withSandbox({ plans: {} }, async (sandbox) => {
      const { reportId, documentId } = sandbox.addReport({ sellerId, reportType: listingsType, body });
      const token = await tokenOf(sandbox);
      const header = async (path: string) =>
        Number((await get(sandbox, path, token)).headers.get('x-amzn-ratelimit-limit'));
      assert.equal(await header(reportPath(reportId)), 2);
      assert.equal(await header(documentPath(documentId)), 0.0167);
      assert.equal(await header(`/reports/2021-06-30/reports?reportTypes=${listingsType}`), 0.0222);
      assert.equal(amazonsPlans.createRestrictedDataToken?.burst, 10);
    }));

  it('answer 429 QuotaExceeded after the burst, per seller and operation, and refill', async () => {
    let nowMs = Date.UTC(2026, 9, 1);
    const plans = {
      getReport: { callsPerSecond: 2, burst: 3 },
      getReports: { callsPerSecond: 1, burst: 1 },
    };
    await withSandbox({ plans, now: () => nowMs }, async (sandbox) => {
      const [token, other] = [await tokenOf(sandbox), await tokenOf(sandbox, otherSellerId)];
      const { reportId } = sandbox.addReport({ sellerId, reportType: listingsType, body });
      const ask = async (as = token) => (await get(sandbox, reportPath(reportId), as)).status;
      assert.deepEqual([await ask(), await ask(), await ask(), await ask()], [200, 200, 200, 429]);
      const refused = await get(sandbox, reportPath(reportId), token);
      assert.equal(refused.body.errors[0].code, 'QuotaExceeded');
      assert.equal(refused.headers.get('x-amzn-ratelimit-limit'), '2');
      assert.equal(await ask(other), 404);
      assert.equal(
        (await get(sandbox, `/reports/2021-06-30/reports?reportTypes=${listingsType}`, token)).status,
        200,
      );
      nowMs += 499;
      assert.equal(await ask(), 429);
      nowMs += 1;
      assert.deepEqual([await ask(), await ask()], [200, 429]);
    });
  });
});

describe('the sandbox controls for tests', () => {
  it('log every call with operation, seller, resource, status and time', () =>
    withSandbox({ now: () => 1_790_000_000_000 }, async (sandbox) => {
      const { documentId } = sandbox.addReport({ sellerId, reportType: listingsType, body });
      const token = await tokenOf(sandbox);
      const { url } = (await get(sandbox, documentPath(documentId), token)).body;
      await fetch(url);
      await get(sandbox, documentPath('none'));
      const atMs = 1_790_000_000_000;
      assert.deepEqual(sandbox.state.calls, [
        { operation: 'login', sellerId, thing: undefined, status: 200, atMs },
        { operation: 'getReportDocument', sellerId, thing: documentId, status: 200, atMs },
        { operation: 'download', sellerId, thing: documentId, status: 200, atMs },
        { operation: 'getReportDocument', sellerId: undefined, thing: 'none', status: 403, atMs },
      ]);
    }));

  it('answer an operation, or one document of it, with a status a given number of times', () =>
    withSandbox({}, async (sandbox) => {
      const [first, second] = [0, 1].map(() =>
        sandbox.addReport({ sellerId, reportType: listingsType, body }),
      );
      const token = await tokenOf(sandbox);
      const ask = async (documentId?: string) => (await get(sandbox, documentPath(documentId), token)).status;
      sandbox.state.faults.answers.set(`getReportDocument ${first?.documentId}`, { status: 500, times: 1 });
      assert.equal(await ask(second?.documentId), 200);
      assert.deepEqual([await ask(first?.documentId), await ask(first?.documentId)], [500, 200]);
      sandbox.state.faults.answers.set('getReportDocument', { status: 503, times: 2 });
      assert.deepEqual(
        [await ask(first?.documentId), await ask(second?.documentId), await ask(first?.documentId)],
        [503, 503, 200],
      );
      sandbox.state.faults.answers.set('login', { status: 503, times: 1 });
      assert.deepEqual([(await login(sandbox)).status, (await login(sandbox)).status], [503, 200]);
    }));

  it('delay an answer', () =>
    withSandbox({}, async (sandbox) => {
      sandbox.state.faults.holds.set('login', { ms: 80, times: 1 });
      const startedMs = performance.now();
      await login(sandbox);
      assert.ok(performance.now() - startedMs >= 75);
      assert.equal(sandbox.state.faults.holds.get('login')?.times, 0);
    }));
});
