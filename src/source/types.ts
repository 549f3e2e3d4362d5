/** What the source rooms hand to the pipeline: messages, notifications, reports and documents. */

import type { FileDigest } from '../files/file-digest.js';

/** One message received from the queue. Exactly one of `ack` and `release` ends it. */
export interface QueueMessage {
  messageId: string;
  body: string;
  /** How often it was received, this time included. */
  receiveCount: number;
  /** When it was sent, in epoch milliseconds; undefined where the queue does not say. */
  sentMs?: number;
  /** Deletes it. Only after its load is committed. */
  ack(): Promise<void>;
  /** Gives it back: at once, or after `delaySeconds`. */
  release(delaySeconds?: number): Promise<void>;
}

/** The queue of one or more pipelines. */
export interface Queue {
  url: string;
  /** Whether the queue moves messages that fail too often to a dead-letter queue of its own. */
  hasRedrivePolicy(): Promise<boolean>;
  /**
   * Receives up to 10 messages by long polling; none when the queue was empty for `waitTimeSeconds`. While a message is
   * neither acked nor released its visibility is extended.
   */
  receive(options: {
    maxMessages: number;
    waitTimeSeconds: number;
    signal?: AbortSignal;
  }): Promise<QueueMessage[]>;
  /** Releases everything still in hand and stops the heartbeats. */
  close(): Promise<void>;
}

export type ReportStatus = 'DONE' | 'FATAL' | 'CANCELLED' | 'IN_QUEUE' | 'IN_PROGRESS';

/** A REPORT_PROCESSING_FINISHED notification; what is absent in the message is undefined. */
export interface ReportNotification {
  kind: 'report';
  notificationId?: string;
  /** The seller id, from `sellerId` or the end of `accountId`; a vendor group's account id stands as it is. */
  sellerId: string;
  reportId: string;
  reportType: string;
  status: ReportStatus;
  documentId?: string;
}

/** A well-formed notification of another type, to be acknowledged and counted. */
export interface OtherNotification {
  kind: 'other';
  notificationId?: string;
  notificationType: string;
  sellerId?: string;
}

export type Notification = ReportNotification | OtherNotification;

/** A report as getReport and getReports tell it. Times are ISO 8601. */
export interface Report {
  reportId: string;
  reportType: string;
  status: ReportStatus;
  documentId?: string;
  marketplaceIds: string[];
  dataStart?: string;
  dataEnd?: string;
  createdAt: string;
}

/** Where the bytes of a document are. The URL is a secret that lives five minutes. */
export interface DocumentLocation {
  url: string;
  /** What Amazon says; the magic bytes decide. */
  compression?: 'GZIP';
}

/** The Selling Partner API for one seller. Errors are from the catalogue; 429 and 5xx are waited for within `deadline`. */
export interface SellingPartner {
  sellerId: string;
  getReport(reportId: string, call: CallOptions): Promise<Report>;
  /** `restricted`: ask for a restricted data token first. A 403 without one is tried once more with one. */
  getReportDocument(
    documentId: string,
    call: CallOptions & { restricted: boolean },
  ): Promise<DocumentLocation>;
  /** All reports with those properties, page by page; at most 10 report types a request, done by the implementation. */
  getReports(filter: ReportFilter, call: ReportsCallOptions): AsyncIterable<Report>;
  /**
   * Asks for a report, and gives its id. It is called once, whatever happens: after API_UNAVAILABLE or API_UNREACHABLE nobody knows whether
   * Amazon makes the report.
   */
  createReport(wanted: WantedReport, call: CreateCallOptions): Promise<string>;
  /** The schedules by which Amazon makes reports of those types, at most 10. */
  getReportSchedules(reportTypes: string[], call: CallOptions): Promise<ReportSchedule[]>;
  /** Makes a schedule, and gives its id; it takes the place of one for the same type and marketplaces. */
  createReportSchedule(wanted: WantedSchedule, call: CallOptions): Promise<string>;
  /** Ends a schedule; one that is gone is no error. */
  cancelReportSchedule(scheduleId: string, call: CallOptions): Promise<void>;
}

/** What to ask createReport for. */
export interface WantedReport {
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** ISO 8601; both absent for a report of the moment. */
  dataStart?: string;
  dataEnd?: string;
}

/** What to ask createReportSchedule for. */
export interface WantedSchedule {
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** ISO 8601, one of those that Amazon has. */
  period: string;
}

export interface ReportSchedule extends WantedSchedule {
  scheduleId: string;
}

/** A subscription of one seller to REPORT_PROCESSING_FINISHED. */
export interface Subscription {
  subscriptionId: string;
  destinationId: string;
}

/** Where Amazon sends the notifications of an application. */
export interface Destination {
  destinationId: string;
  name: string;
  /** Undefined where it is no SQS queue. */
  queueArn?: string;
}

/** The Notifications API for one seller; destinations are those of its application in its region. Doing anything twice does no harm. */
export interface Notifications {
  /** The seller's subscription to REPORT_PROCESSING_FINISHED; undefined where there is none. */
  subscription(call: CallOptions): Promise<Subscription | undefined>;
  subscribe(destinationId: string, call: CallOptions): Promise<Subscription>;
  unsubscribe(subscriptionId: string, call: CallOptions): Promise<void>;
  destinations(call: CallOptions): Promise<Destination[]>;
  createDestination(destination: { name: string; queueArn: string }, call: CallOptions): Promise<Destination>;
  deleteDestination(destinationId: string, call: CallOptions): Promise<void>;
}

export interface ReportFilter {
  /** Exact report types. */
  reportTypes: string[];
  statuses: ReportStatus[];
  createdSince: Date;
  createdUntil?: Date;
}

export interface CallOptions {
  /** Stops waiting and calling. */
  signal?: AbortSignal;
  /** Epoch milliseconds: where the quota would make the call later than this, it fails with API_QUOTA_EXCEEDED at once. */
  deadlineMs?: number;
}

export interface CreateCallOptions extends CallOptions {
  /** Awaited before each call, when its quota is taken; where it throws, the call is not made. */
  onTaken?: () => Promise<void>;
}

export interface ReportsCallOptions extends CallOptions {
  /** Told of the report types of each request, once Amazon has answered with its first page. */
  onAnswered?: (reportTypes: string[]) => Promise<void>;
}

/** Amazon's word about a document, kept beside its raw bytes so that a load can be repeated without Amazon. */
export interface DocumentFacts {
  sellerId: string;
  /** Unique only together with the seller. */
  documentId: string;
  reportType: string;
  reportId?: string;
  marketplaceIds: string[];
  dataStart?: string;
  dataEnd?: string;
  reportCreatedAt?: string;
  /** FATAL: the document explains why there is no report; it holds no rows. */
  reportStatus?: 'DONE' | 'FATAL';
  /** The Content-Type of the download. */
  contentType?: string;
  compression?: 'GZIP';
}

/** A document kept exactly as downloaded. */
export interface RawDocument {
  facts: DocumentFacts;
  /** Absolute path of the bytes; the facts are beside it in `<path>.json`. */
  path: string;
  /** Size of the file as it was found. */
  bytes: number;
  /** What was written; null for a document of before there were hashes. */
  kept: FileDigest | null;
}

/** A raw document whose text can be read. */
export interface ReadableDocument {
  raw: RawDocument;
  gzipped: boolean;
  /** For example utf-8, windows-1252, cp932, utf-16le; `binary` for a zip archive, such as a workbook. */
  charset: string;
  /** Where the charset came from. */
  charsetSource: 'bom' | 'content-type' | 'xml-declaration' | 'bytes' | 'marketplace';
  /** Whether the bytes are well-formed UTF-8 and are read as that. */
  isValidUtf8: boolean;
  /** The text from its start, without BOM. May be called more than once. */
  openText(): AsyncIterable<string>;
  /** The gunzipped bytes from their start. May be called more than once. */
  openBytes(): AsyncIterable<Uint8Array>;
}

/** A raw document that was read once from end to end: whole, undamaged, charset known. */
export interface ExaminedDocument extends ReadableDocument {
  /** Size of the text in bytes, gunzipped, before decoding. 0 for an empty document. */
  textBytes: number;
  /** Oddities, for example that Amazon said GZIP and the bytes are not gzipped. */
  notes: string[];
}

/** A raw document of which only the beginning was read. Reading it to the end checks the rest. */
export interface OpenedDocument extends ReadableDocument {
  /** What the whole document showed. Reads it to the end if nothing else has. */
  finish(): Promise<ExaminedDocument>;
}
