import { type Sandbox, type SandboxOptions, startSandbox } from '../../src/sandbox/sandbox.js';

export const sellerId = 'A1TESTSELLER';
export const otherSellerId = 'A2TESTSELLER';
export const listingsType = 'GET_MERCHANT_LISTINGS_ALL_DATA';
export const restrictedType = 'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING';

/** Quotas that no test has to wait for. */
const generous = { callsPerSecond: 1000, burst: 1000 };
export const generousPlans = {
  getReport: generous,
  getReports: generous,
  getReportDocument: generous,
  createRestrictedDataToken: generous,
  createReport: generous,
  cancelReport: generous,
  getReportSchedules: generous,
  getReportSchedule: generous,
  createReportSchedule: generous,
  cancelReportSchedule: generous,
};

/** Runs a test on a sandbox with two sellers. */
export async function withSandbox(
  options: SandboxOptions,
  test: (sandbox: Sandbox) => Promise<void>,
): Promise<void> {
  const sandbox = await startSandbox({ plans: generousPlans, ...options });
  try {
    sandbox.addSeller({ sellerId, region: 'na', marketplaces: ['ATVPDKIKX0DER'] });
    sandbox.addSeller({ sellerId: otherSellerId, region: 'eu', marketplaces: ['A1PA6795UKMFR9'] });
    await test(sandbox);
  } finally {
    await sandbox.close();
  }
}

export interface Called {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a body is what the test says it is
  body: any;
}

/** Login with Amazon; `changed` replaces the seller's own parameters. */
export async function login(
  sandbox: Sandbox,
  seller = sellerId,
  changed: Record<string, string> = {},
): Promise<Called> {
  const { clientId, clientSecret, refreshToken } = sandbox.credentialsFor(seller);
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: clientId,
    client_secret: clientSecret,
    refresh_token: refreshToken,
    ...changed,
  });
  return call(sandbox.loginUrl, { method: 'POST', body });
}

export async function tokenOf(sandbox: Sandbox, seller = sellerId): Promise<string> {
  return (await login(sandbox, seller)).body.access_token;
}

/** A token of the application alone, for grantless operations. */
export async function grantlessToken(sandbox: Sandbox): Promise<string> {
  const scope = 'sellingpartnerapi::notifications';
  return (await login(sandbox, sellerId, { grant_type: 'client_credentials', scope })).body.access_token;
}

/** Calls the API with a token, and with a JSON body if there is one. */
export function send(
  sandbox: Sandbox,
  method: string,
  path: string,
  token: string,
  body?: object,
): Promise<Called> {
  return call(`${sandbox.apiEndpoint}${path}`, {
    method,
    headers: { 'x-amz-access-token': token, 'content-type': 'application/json' },
    body: body && JSON.stringify(body),
  });
}

/** Calls the API with a token. */
export function get(sandbox: Sandbox, path: string, token?: string): Promise<Called> {
  return call(`${sandbox.apiEndpoint}${path}`, { headers: token ? { 'x-amz-access-token': token } : {} });
}

export function restrictedToken(sandbox: Sandbox, token: string, path: string): Promise<Called> {
  return call(`${sandbox.apiEndpoint}/tokens/2021-03-01/restrictedDataToken`, {
    method: 'POST',
    headers: { 'x-amz-access-token': token, 'content-type': 'application/json' },
    body: JSON.stringify({ restrictedResources: [{ method: 'GET', path }] }),
  });
}

export const reportPath = (reportId: string) => `/reports/2021-06-30/reports/${reportId}`;
export const documentPath = (documentId = '') => `/reports/2021-06-30/documents/${documentId}`;

async function call(url: string, init: RequestInit): Promise<Called> {
  const response = await fetch(url, init);
  return { status: response.status, headers: response.headers, body: await response.json() };
}
