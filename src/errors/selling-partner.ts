import type { CatalogueEntry } from './entry.js';

/** Errors of the Selling Partner API. */
export const sellingPartnerErrors = {
  LOGIN_REFUSED: {
    kind: 'retryable',
    message: 'logging in to Amazon for seller {sellerId}: refused with {found}',
    remedy:
      'Check clientId, clientSecret and refreshToken of the seller. `invalid_client` can mean that the client secret has expired: `sp-reports doctor` shows its age. If the authorization was revoked, authorize the application again.',
  },
  API_ACCESS_DENIED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused access ({found})',
    remedy:
      'Grant the application the role that this report type needs, authorize it again to get a new refresh token, then run `sp-reports reload {thing}`.',
  },
  API_NOT_FOUND: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon no longer has it ({found})',
    remedy:
      'Amazon keeps reports for 30 to 90 days. Request the report again in Seller Central, or with a `request` entry in pipelines.yaml.',
  },
  SUBSCRIPTION_REFUSED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused ({found})',
    remedy:
      'Check that the seller has authorized the application and belongs to that region. Then run `sp-reports doctor`, which checks everything that is needed.',
  },
  REPORT_REQUEST_REFUSED: {
    kind: 'terminal',
    message: 'requesting {reportType} for seller {sellerId}, {period}: Amazon refused it ({found})',
    remedy:
      'Check reportOptions, marketplaces and window of the request in pipelines.yaml, and that the application has the role that the type needs; then run `sp-reports request`. It is retried automatically after an hour, after four hours, then once a day.',
  },
  REPORT_OUTAGE: {
    kind: 'terminal',
    message:
      'requesting {reportType} for seller {sellerId}: all reports have failed since {since}, the last one: {found}',
    remedy:
      'If Amazon has an outage, there is nothing to do: windows are retried daily, and what is missing is requested when it is over. Otherwise fix the request in pipelines.yaml, and check that the application has the role that the type needs.',
  },
  REPORT_GIVEN_UP: {
    kind: 'terminal',
    message:
      'requesting {reportType} for seller {sellerId}, {period}: abandoned after repeated failures, the last one: {found}',
    remedy:
      "Read Amazon's explanation in the ledger (`sp-reports loads --status fatal`) and fix the request in pipelines.yaml if needed; then run `sp-reports request --again`.",
  },
  REPORT_PARTS_LEFT: {
    kind: 'terminal',
    message:
      'requesting {reportType} for seller {sellerId}, {period}: {count} parts were not requested, because the parts of newer windows came first',
    remedy:
      'Amazon allows fewer reports of this type than the request needs: `sp-reports request --dry-run` shows both. Name fewer items, or use a longer window. `sp-reports request --again` requests the whole window again.',
  },
  REQUEST_ITEMS_FAILED: {
    kind: 'terminal',
    message: 'reading the items of {reportType} for seller {sellerId}: {found}',
    remedy:
      'Correct `perAsin` or `perItem` of the request in pipelines.yaml; `sp-reports query` runs the same SQL. The items are read again in the next cycle.',
  },
  REQUEST_ITEMS_MISSING: {
    kind: 'terminal',
    message: 'reading the items of {reportType} for seller {sellerId}: {source} has none',
    remedy:
      'Load the listings of the seller first (GET_MERCHANT_LISTINGS_ALL_DATA), or correct the SQL in pipelines.yaml. The items are read again in the next cycle.',
  },
  REQUEST_ITEM_INVALID: {
    kind: 'terminal',
    message:
      'packing the items of {reportType} for seller {sellerId}: item "{item}" does not fit into {option}: {found}',
    remedy: 'Remove the item from the list, the listings or the SQL of the request in pipelines.yaml.',
  },
  REQUEST_STATE_INVALID: {
    kind: 'terminal',
    message: 'reading {file}: a later version of sp-reports wrote this state of requests ({found})',
    remedy:
      'Use the version of sp-reports that wrote it. Otherwise move the file away: requests then begin again from the ledger and from the reports that Amazon lists.',
  },
  REPORT_NOT_READY: {
    kind: 'retryable',
    message:
      'getting report {reportId} of seller {sellerId}: Amazon reports {found}, although its notification said the report had finished',
    remedy: 'Nothing to do: a later run loads it. Its message stays on the queue until then.',
  },
  API_REQUEST_REFUSED: {
    kind: 'terminal',
    message: 'calling {operation} for {thing} of seller {sellerId}: Amazon refused the request ({found})',
    remedy: 'Check the region of the seller in pipelines.yaml and the ids in the notification.',
  },
  API_QUOTA_EXCEEDED: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: the quota is exhausted',
    remedy: 'Nothing is lost: a later run continues.',
  },
  API_UNAVAILABLE: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: {found}',
    remedy:
      "Nothing is lost: a later run continues. If it persists, check whether a proxy or another intermediary is answering in Amazon's place.",
  },
  API_UNREACHABLE: {
    kind: 'retryable',
    message: 'calling {operation} for seller {sellerId}: no answer from {host} ({found})',
    remedy:
      'Check that this machine can reach {host} (including any proxy or firewall), and check `api` in pipelines.yaml if it is set (the sandbox of a demo only exists while `sp-reports demo --serve` runs). Then run the command again. Nothing is lost.',
  },
} as const satisfies Record<string, CatalogueEntry>;
