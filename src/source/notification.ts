import { wellFormed } from '../text/well-formed.js';
import { ReportsError } from '../errors/reports-error.js';
import type { Notification, ReportStatus, SecretNotice } from './types.js';

const statuses: ReportStatus[] = ['DONE', 'FATAL', 'CANCELLED', 'IN_QUEUE', 'IN_PROGRESS'];

/** How many wrappers are removed, for example EventBridge in SNS. */
const deepestWrapping = 4;

type Fields = Record<string, unknown>;

/**
 * Reads the body of a message: a notification of Amazon, or the same wrapped by EventBridge (in
 * `detail`) or SNS (as text in `Message`). Ignores the case of keys, because Amazon writes
 * camelCase for some notification types and PascalCase for others. Errors: NOTIFICATION_UNREADABLE.
 * Source: ReportProcessingFinishedNotification.json of Amazon's models.
 */
export function readNotification(body: string, messageId: string): Notification {
  const unreadable = (found: string) => new ReportsError('NOTIFICATION_UNREADABLE', { messageId, found });
  const envelope = unwrap(fieldsOf(parseJson(body)));
  if (!envelope) throw unreadable(`no JSON object: ${wellFormed(body.slice(0, 60))}`);
  const notificationType = textOf(envelope.notificationtype);
  if (!notificationType) throw unreadable('no notificationType');
  const notificationId = textOf(fieldsOf(envelope.notificationmetadata)?.notificationid);
  const payload = fieldsOf(envelope.payload);
  if (notificationType.toUpperCase() !== 'REPORT_PROCESSING_FINISHED') {
    const sellerId = payload && sellerOf(payload);
    const clientSecret = payload && secretNotice(payload, timeOf(envelope.eventtime));
    return { kind: 'other', notificationId, notificationType, sellerId, clientSecret };
  }
  const report = fieldsOf(payload?.reportprocessingfinishednotification) ?? payload;
  if (!report) throw unreadable('no payload');
  const sellerId = sellerOf(report);
  const reportId = textOf(report.reportid);
  const reportType = textOf(report.reporttype);
  const written = textOf(report.processingstatus);
  const status = statuses.find((each) => each === written?.toUpperCase());
  const documentId = textOf(report.reportdocumentid);
  if (!sellerId) throw unreadable('neither sellerId nor accountId');
  if (!reportId) throw unreadable('no reportId');
  if (!reportType) throw unreadable('no reportType');
  if (!status) throw unreadable(`processingStatus ${written ?? 'missing'}`);
  return {
    kind: 'report',
    notificationId,
    sellerId,
    reportId,
    reportType,
    status,
    documentId,
  };
}

/**
 * What APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY and APPLICATION_OAUTH_CLIENT_NEW_SECRET say. Source:
 * Amazon's Application Management API use case guide, v2023-11-30.
 */
function secretNotice(payload: Fields, at: string | undefined): SecretNotice | undefined {
  const { applicationoauthclientnewsecret, applicationoauthclientsecretexpiry } = payload;
  const given = fieldsOf(applicationoauthclientnewsecret ?? applicationoauthclientsecretexpiry) ?? payload;
  const clientId = textOf(given.clientid);
  if (!clientId) return undefined;
  const clientSecret = textOf(given.newclientsecret);
  const expiresAt = timeOf(given.oldclientsecretexpirytime ?? given.clientsecretexpirytime);
  if (!clientSecret && !expiresAt) return undefined;
  const next = clientSecret
    ? { clientSecret, expiresAt: timeOf(given.newclientsecretexpirytime) }
    : undefined;
  return { clientId, at, expiresAt, next };
}

/** Removes the wrappers of EventBridge and SNS. */
function unwrap(fields: Fields | undefined): Fields | undefined {
  let inner = fields;
  for (let depth = 0; depth < deepestWrapping && inner && !('notificationtype' in inner); depth += 1) {
    const wrapped: Fields | undefined =
      fieldsOf(inner.detail) ??
      fieldsOf(typeof inner.message === 'string' ? parseJson(inner.message) : undefined);
    if (!wrapped) return inner;
    inner = wrapped;
  }
  return inner;
}

/**
 * The seller id, or the id of a vendor group. `amzn1.merchant.o.<seller id>` is the account id of a
 * seller.
 */
function sellerOf(fields: Fields): string | undefined {
  const accountId = textOf(fields.accountid);
  return textOf(fields.sellerid) ?? accountId?.replace(/^amzn1\.merchant\.\w+\./, '');
}

/** The members of a JSON object, by lower-case key. */
function fieldsOf(value: unknown): Fields | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key.toLowerCase(), each]));
}

/** Text, or a number as text; undefined if it is empty. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'number') return String(value);
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

/** A time in ISO 8601; undefined if it is none. */
function timeOf(value: unknown): string | undefined {
  const timeMs = Date.parse(textOf(value) ?? '');
  return Number.isNaN(timeMs) ? undefined : new Date(timeMs).toISOString();
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    return undefined;
  }
}
