/** What the source rooms pass to the pipeline: messages, notifications, reports and documents. */

import type { DocumentLimits } from '../config/documents-spec.js';
import type { FileDigest } from '../files/file-digest.js';
import type { Findings } from '../schema/findings.js';

/** One message received from the queue. Exactly one of `ack` and `release` ends it. */
export interface QueueMessage {
  messageId: string;
  body: string;
  /** How often it was received, including this time. */
  receiveCount: number;
  /** When it was sent, in epoch milliseconds; undefined if the queue does not say. */
  sentMs?: number;
  /** Deletes the message. Only after its load is committed. */
  ack(): Promise<void>;
  /** Makes the message visible again: at once, or after `delaySeconds`. */
  release(delaySeconds?: number): Promise<void>;
}

/** The queue of one or more pipelines. */
export interface Queue {
  url: string;
  /** Whether the queue moves messages that fail too often to a dead-letter queue of its own. */
  hasRedrivePolicy(): Promise<boolean>;
  /**
   * Receives up to 10 messages by long polling; none if the queue was empty for `waitTimeSeconds`.
   * Extends the visibility timeout of a message until it is acknowledged or released.
   */
  receive(options: {
    maxMessages: number;
    waitTimeSeconds: number;
    signal?: AbortSignal;
  }): Promise<QueueMessage[]>;
  /** Releases everything still in flight and stops the heartbeats. */
  close(): Promise<void>;
}

export type ReportStatus = 'DONE' | 'FATAL' | 'CANCELLED' | 'IN_QUEUE' | 'IN_PROGRESS';

/** A REPORT_PROCESSING_FINISHED notification. What the message lacks is undefined. */
export interface ReportNotification {
  kind: 'report';
  notificationId?: string;
  /**
   * The seller id, from `sellerId` or the end of `accountId`; the account id of a vendor group is
   * used unchanged.
   */
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
  /** Present if it is about the client secret of an application. */
  clientSecret?: SecretNotice;
}

/** What Amazon announces about the client secret of an application. Times are ISO 8601. */
export interface SecretNotice {
  clientId: string;
  /** When it was announced; undefined if the notification does not say. */
  at?: string;
  /** When the secret that is in use expires. */
  expiresAt?: string;
  /** The secret that replaces it. */
  next?: { clientSecret: string; expiresAt?: string };
}

export type Notification = ReportNotification | OtherNotification;

/** A report as getReport and getReports return it. Times are ISO 8601. */
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

/** The location of the bytes of a document. The URL is a secret that lives five minutes. */
export interface DocumentLocation {
  url: string;
  /** As Amazon reports it; the magic bytes decide. */
  compression?: 'GZIP';
}

/**
 * The Selling Partner API for one seller. Errors are from the catalogue. Waits out 429 and 5xx
 * within `deadline`.
 */
export interface SellingPartner {
  sellerId: string;
  getReport(reportId: string, call: CallOptions): Promise<Report>;
  /**
   * `restricted`: request a restricted data token first. A 403 without one is retried once with
   * one.
   */
  getReportDocument(
    documentId: string,
    call: CallOptions & { restricted: boolean },
  ): Promise<DocumentLocation>;
  /**
   * All reports with these properties, page by page. Any number of report types: the implementation
   * lists at most 10 per request.
   */
  getReports(filter: ReportFilter, call: ReportsCallOptions): AsyncIterable<Report>;
  /**
   * Requests a report, and returns its id. Never retried: after API_UNAVAILABLE or API_UNREACHABLE
   * nobody knows whether Amazon makes the report.
   */
  createReport(wanted: WantedReport, call: CreateCallOptions): Promise<string>;
  /** The schedules by which Amazon makes reports of these types, at most 10. */
  getReportSchedules(reportTypes: string[], call: CallOptions): Promise<ReportSchedule[]>;
  /**
   * Creates a schedule, and returns its id. It replaces the one of the same type and marketplaces.
   */
  createReportSchedule(wanted: WantedSchedule, call: CallOptions): Promise<string>;
  /** Cancels a schedule. Does nothing if it does not exist. */
  cancelReportSchedule(scheduleId: string, call: CallOptions): Promise<void>;
}

/** The parameters of createReport. */
export interface WantedReport {
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** ISO 8601; both absent for a report of the current state. */
  dataStart?: string;
  dataEnd?: string;
}

/** The parameters of createReportSchedule. */
export interface WantedSchedule {
  reportType: string;
  marketplaceIds: string[];
  reportOptions: Record<string, string>;
  /** ISO 8601, one of those that Amazon supports. */
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

/** A destination to which Amazon sends the notifications of an application. */
export interface Destination {
  destinationId: string;
  name: string;
  /** Undefined if it is not an SQS queue. */
  queueArn?: string;
}

/**
 * The Notifications API for one seller. Destinations are those of its application in its region.
 * All calls are idempotent.
 */
export interface Notifications {
  /** The seller's subscription to REPORT_PROCESSING_FINISHED; undefined if there is none. */
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
  /** Aborts waiting and calls. */
  signal?: AbortSignal;
  /**
   * Epoch milliseconds. If the quota would make the call later than this, it fails with
   * API_QUOTA_EXCEEDED at once.
   */
  deadlineMs?: number;
}

export interface CreateCallOptions extends CallOptions {
  /** Awaited before each call, after its quota is taken. If it throws, the call is not made. */
  onTaken?: () => Promise<void>;
}

export interface ReportsCallOptions extends CallOptions {
  /** Called with the report types of each request after Amazon has answered with its first page. */
  onAnswered?: (reportTypes: string[]) => Promise<void>;
}

/**
 * The metadata of a document from Amazon, kept beside its raw bytes so that a load can be repeated
 * without Amazon.
 */
export interface DocumentMetadata {
  sellerId: string;
  /** Unique only together with the seller. */
  documentId: string;
  reportType: string;
  reportId?: string;
  marketplaceIds: string[];
  dataStart?: string;
  dataEnd?: string;
  reportCreatedAt?: string;
  /** FATAL: the document explains why there is no report; it has no rows. */
  reportStatus?: 'DONE' | 'FATAL';
  /** The Content-Type of the download. */
  contentType?: string;
  compression?: 'GZIP';
}

/** A document exactly as it was downloaded. */
export interface RawDocument {
  metadata: DocumentMetadata;
  /** Absolute path of the bytes; the metadata is beside it in `<path>.json`. */
  path: string;
  /** Size of the file as it was found. */
  bytes: number;
  /** The hash of what was written; null for a document from before hashes were recorded. */
  kept: FileDigest | null;
}

/** A raw document whose text can be read. */
export interface ReadableDocument {
  raw: RawDocument;
  gzipped: boolean;
  /**
   * For example utf-8, windows-1252, cp932, utf-16le; `binary` for a zip archive, such as a
   * workbook.
   */
  charset: string;
  /** Where the charset came from. */
  charsetSource: 'bom' | 'content-type' | 'xml-declaration' | 'bytes' | 'marketplace';
  /** Whether the bytes are well-formed UTF-8 and are read as UTF-8. */
  isValidUtf8: boolean;
  /** What it may have in it. */
  limits: DocumentLimits;
  /** The text from its start, without BOM. May be called more than once. */
  openText(): AsyncIterable<string>;
  /**
   * The gunzipped bytes from their start, in pieces that are valid until the next one is pulled.
   * May be called more than once.
   */
  openBytes(): AsyncIterable<Uint8Array>;
}

/** A raw document that was read once from end to end: whole, undamaged, charset known. */
export interface ExaminedDocument extends ReadableDocument, Findings {
  /** Size of the text in bytes, gunzipped, before decoding. 0 for an empty document. */
  textBytes: number;
}

/** A raw document of which only the beginning was read. Reading it to the end checks the rest. */
export interface OpenedDocument extends ReadableDocument {
  /** What the whole document showed. Reads it to the end if nothing else has. */
  finish(): Promise<ExaminedDocument>;
  /**
   * Reads the bytes to their end if nothing else has. Errors: those of `openBytes`; the same one
   * again if a reading ended with it.
   */
  readToEnd(): Promise<void>;
}
