import type { ReportRegion } from '../schema/types.js';
import type { ReportStatus } from '../source/types.js';
import type { Random } from './random.js';

/** One seller account at the sandbox. */
export interface SandboxSeller {
  sellerId: string;
  region: ReportRegion;
  marketplaces: string[];
  credentials: { clientId: string; clientSecret: string; refreshToken: string };
}

/** One report at the sandbox. */
export interface SandboxReport {
  sellerId: string;
  reportId: string;
  reportType: string;
  status: ReportStatus;
  marketplaceIds: string[];
  createdAt: string;
  dataStart?: string;
  dataEnd?: string;
  documentId?: string;
  document?: SandboxDocument;
  /** Needs a restricted data token. */
  restricted: boolean;
}

export interface SandboxDocument {
  /** As they are downloaded. */
  bytes: Buffer;
  contentType?: string;
  compression?: 'GZIP';
}

/** What goes wrong, until it is used up. */
export interface SandboxFaults {
  /** By document id: so many downloads are cut after so many bytes. */
  cutDownloads: Map<string, { afterBytes: number; times: number }>;
  /** By operation: so many calls are answered with this status. */
  answers: Map<string, { status: number; times: number }>;
}

/** A call that the sandbox got. */
export interface SandboxCall {
  operation: string;
  sellerId?: string;
  thing?: string;
  status: number;
}

/** Everything the sandbox's Amazon knows. */
export interface AmazonState {
  sellers: Map<string, SandboxSeller>;
  reports: SandboxReport[];
  faults: SandboxFaults;
  calls: SandboxCall[];
  random: Random;
  now: () => number;
}

/** Report types that Amazon gives only for a restricted data token. Source: Tokens API use case guide. */
export const restrictedTypes: ReadonlySet<string> = new Set([
  'GET_AMAZON_FULFILLED_SHIPMENTS_DATA_INVOICING',
  'GET_AMAZON_FULFILLED_SHIPMENTS_DATA_TAX',
  'GET_FLAT_FILE_ACTIONABLE_ORDER_DATA_SHIPPING',
  'GET_FLAT_FILE_ORDER_REPORT_DATA_SHIPPING',
  'GET_FLAT_FILE_ORDER_REPORT_DATA_INVOICING',
  'GET_FLAT_FILE_ORDER_REPORT_DATA_TAX',
  'GET_FLAT_FILE_ORDERS_RECONCILIATION_DATA_TAX',
  'GET_FLAT_FILE_ORDERS_RECONCILIATION_DATA_INVOICING',
  'GET_FLAT_FILE_ORDERS_RECONCILIATION_DATA_SHIPPING',
  'GET_ORDER_REPORT_DATA_INVOICING',
  'GET_ORDER_REPORT_DATA_TAX',
  'GET_ORDER_REPORT_DATA_SHIPPING',
  'GET_EASYSHIP_DOCUMENTS',
  'GET_GST_MTR_B2B_CUSTOM',
  'GET_VAT_TRANSACTION_DATA',
  'SC_VAT_TAX_REPORT',
]);
