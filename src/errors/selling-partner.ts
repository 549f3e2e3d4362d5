import type { CatalogueEntry } from './entry.js';

/** Of the Selling Partner API. */
export const sellingPartnerErrors = {
  LOGIN_REFUSED: {
    kind: 'retryable',
    message: 'logging in to Amazon for seller {sellerId}: refused with {found}',
    remedy:
      'Check clientId, clientSecret and refreshToken of the seller; authorise the application again if it was revoked.',
  },
  API_ACCESS_DENIED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused access ({found})',
    remedy:
      'Give the application the role that this report type needs, authorise it again for a new refresh token, then `sp-reports reload {thing}`.',
  },
  API_NOT_FOUND: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon no longer has it ({found})',
    remedy:
      'Reports are kept for 30 to 90 days; ask for it again in Seller Central, or by a `request` entry in pipelines.yaml.',
  },
  SUBSCRIPTION_REFUSED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused ({found})',
    remedy:
      'Check that the application is authorised for the seller and the seller is of that region; then `sp-reports doctor`, which goes through all that is needed.',
  },
  REPORT_REQUEST_REFUSED: {
    kind: 'terminal',
    message: 'requesting {reportType} for seller {sellerId}, {period}: Amazon refused it ({found})',
    remedy:
      'Check reportOptions, marketplaces and window of the request in pipelines.yaml, and that the application has the role that the type needs; then run `sp-reports request`. It is retried automatically after an hour, after four hours, then once a day.',
  },
  REPORT_GIVEN_UP: {
    kind: 'terminal',
    message:
      'requesting {reportType} for seller {sellerId}, {period}: abandoned after four failures, the last one: {found}',
    remedy:
      "Read Amazon's explanation in the ledger (`sp-reports loads --status fatal`) and fix the request in pipelines.yaml if needed; then run `sp-reports request --again`.",
  },
  REQUEST_STATE_INVALID: {
    kind: 'terminal',
    message: 'reading {file}: this is not the state of requests ({found})',
    remedy:
      'Restore the file, or use the version of sp-reports that wrote it. Otherwise move it away: requests then begin again from the ledger and from the reports that Amazon lists.',
  },
  REPORT_NOT_READY: {
    kind: 'retryable',
    message:
      'asking for report {reportId} of seller {sellerId}: Amazon says {found}, though it told that it has finished',
    remedy: 'Nothing to do: a later run takes it; its message stays on the queue meanwhile.',
  },
  API_REQUEST_REFUSED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused the request ({found})',
    remedy: 'Check the region of the seller in pipelines.yaml and the ids in the notification.',
  },
  API_QUOTA_EXCEEDED: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: the quota is used up',
    remedy: 'Nothing is lost: a later run goes on with it.',
  },
  API_UNAVAILABLE: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: {found}',
    remedy:
      'Nothing is lost: a later run goes on with it. Where it lasts, see whether something stands in between that answers for Amazon, a proxy say.',
  },
  API_UNREACHABLE: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: no answer from {host} ({found})',
    remedy:
      'Check that this machine reaches {host}, proxy and firewall included, and `api` in pipelines.yaml where it is set (the sandbox of a demo is there while `sp-reports demo --serve` runs); then run it again. Nothing is lost meanwhile.',
  },
} as const satisfies Record<string, CatalogueEntry>;
