import type { ReportRegion } from '../schema/types.js';
import type { ReportStatus } from '../source/types.js';
import { noFaults, type SandboxFaults } from './faults.js';
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
  /** Whether its document requires a restricted data token. */
  restricted: boolean;
  /** The parameters of its request; absent if Amazon made it by itself. */
  asked?: AskedReport;
  reportScheduleId?: string;
  processingStartedAt?: string;
  processingEndedAt?: string;
}

export interface SandboxDocument {
  /** The bytes as downloaded. */
  bytes: Buffer;
  contentType?: string;
  compression?: 'GZIP';
}

/** The parameters of createReport, or of a schedule. */
export interface AskedReport {
  sellerId: string;
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  dataStart?: string;
  dataEnd?: string;
}

export interface SandboxSchedule extends AskedReport {
  reportScheduleId: string;
  period: string;
  nextAt: string;
}

export interface SandboxDestination {
  destinationId: string;
  name: string;
  resource: { sqs: { arn: string } };
}

export interface SandboxSubscription {
  sellerId: string;
  notificationType: string;
  subscriptionId: string;
  destinationId: string;
  payloadVersion: string;
}

/** A call that the sandbox received, and its answer. */
export interface SandboxCall {
  /** Amazon's name of the operation; `login` and `download` for calls without one. */
  operation: string;
  /** Absent if the call named no seller that the sandbox knows. */
  sellerId?: string;
  /** The last part of the path: a report id, or a document id. */
  thing?: string;
  status: number;
  /** Epoch milliseconds. */
  atMs: number;
}

/** The whole state of the simulated Amazon. */
export interface AmazonState {
  sellers: Map<string, SandboxSeller>;
  reports: SandboxReport[];
  destinations: SandboxDestination[];
  subscriptions: SandboxSubscription[];
  schedules: SandboxSchedule[];
  faults: SandboxFaults;
  calls: SandboxCall[];
  random: Random;
  /** Epoch milliseconds. */
  now: () => number;
}

/** An Amazon where nothing has happened yet. */
export function emptyAmazon({ random, now }: Pick<AmazonState, 'random' | 'now'>): AmazonState {
  return {
    sellers: new Map(),
    reports: [],
    destinations: [],
    subscriptions: [],
    schedules: [],
    faults: noFaults(),
    calls: [],
    random,
    now,
  };
}

/** Report types that require a restricted data token. Source: Tokens API use case guide. */
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
