import type { SandboxReport } from './amazon.js';
import type { Random } from './random.js';

/** Amazon's own body, a body wrapped by a relay, or the body of 2022 without an account id. */
export type NotificationShape = 'plain' | 'eventbridge' | 'sns' | 'old';

/**
 * Returns the body of a REPORT_PROCESSING_FINISHED notification. Source:
 * ReportProcessingFinishedNotification.json of Amazon's models.
 */
export function notificationBody(
  report: SandboxReport,
  shape: NotificationShape,
  random: Random,
  nowMs: number,
): string {
  const time = new Date(nowMs).toISOString();
  const version = shape === 'old' ? '1.0' : '2020-09-04';
  const body = {
    notificationVersion: '2020-09-04',
    notificationType: 'REPORT_PROCESSING_FINISHED',
    payloadVersion: version,
    eventTime: time,
    payload: {
      reportProcessingFinishedNotification: {
        sellerId: report.sellerId,
        accountId: shape === 'old' ? undefined : `amzn1.merchant.o.${report.sellerId}`,
        reportId: report.reportId,
        reportType: report.reportType,
        processingStatus: report.status,
        reportDocumentId: report.documentId,
      },
    },
    notificationMetadata: {
      applicationId: 'amzn1.sellerapps.app.00000000-0000-4000-8000-000000000000',
      subscriptionId: 'subscription-id-sandbox',
      publishTime: time,
      notificationId: random.uuid(),
    },
  };
  if (shape === 'eventbridge') return JSON.stringify(eventBridge(body, time, random));
  if (shape === 'sns') return JSON.stringify(sns(body, time, random));
  return JSON.stringify(body);
}

/** Returns a notification of another type, which Amazon writes in PascalCase. */
export function otherNotificationBody(sellerId: string, random: Random, nowMs: number): string {
  const time = new Date(nowMs).toISOString();
  return JSON.stringify({
    NotificationVersion: '1.0',
    NotificationType: 'ANY_OFFER_CHANGED',
    PayloadVersion: '1.0',
    EventTime: time,
    Payload: {
      AnyOfferChangedNotification: { SellerId: sellerId, OfferChangeTrigger: { ASIN: 'B000000000' } },
    },
    NotificationMetadata: {
      ApplicationId: 'amzn1.sellerapps.app.00000000-0000-4000-8000-000000000000',
      SubscriptionId: 'subscription-id-sandbox',
      PublishTime: time,
      NotificationId: random.uuid(),
    },
  });
}

/**
 * Returns the notification of a new client secret, valid for 180 days; the old one is valid for
 * seven more. Source: Amazon's Application Management API use case guide, v2023-11-30.
 */
export function newSecretBody(
  { clientId, clientSecret }: { clientId: string; clientSecret: string },
  random: Random,
  nowMs: number,
): string {
  const inDays = (days: number) => new Date(nowMs + days * 86_400_000).toISOString();
  return JSON.stringify(
    applicationBody(
      'APPLICATION_OAUTH_CLIENT_NEW_SECRET',
      {
        applicationOAuthClientNewSecret: {
          clientId,
          newClientSecret: clientSecret,
          newClientSecretExpiryTime: inDays(180),
          oldClientSecretExpiryTime: inDays(7),
        },
      },
      random,
      nowMs,
    ),
  );
}

/** Returns the announcement that the client secret of an application expires. */
export function secretExpiryBody(
  { clientId, expiresAt }: { clientId: string; expiresAt: string },
  random: Random,
  nowMs: number,
): string {
  return JSON.stringify(
    applicationBody(
      'APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY',
      {
        applicationOAuthClientSecretExpiry: {
          clientId,
          clientSecretExpiryTime: expiresAt,
          clientSecretExpiryReason: 'PERIODIC_ROTATION',
        },
      },
      random,
      nowMs,
    ),
  );
}

function applicationBody(notificationType: string, payload: object, random: Random, nowMs: number): object {
  const time = new Date(nowMs).toISOString();
  return {
    notificationVersion: '1.0',
    notificationType,
    payloadVersion: '1.0',
    eventTime: time,
    payload,
    notificationMetadata: {
      applicationId: 'amzn1.sellerapps.app.00000000-0000-4000-8000-000000000000',
      subscriptionId: 'subscription-id-sandbox',
      publishTime: time,
      notificationId: random.uuid(),
    },
  };
}

function eventBridge(detail: object, time: string, random: Random): object {
  return {
    version: '0',
    id: random.uuid(),
    'detail-type': 'REPORT_PROCESSING_FINISHED',
    source: 'aws.partner/sellingpartnerapi.amazon.com/sandbox',
    account: '123456789012',
    time,
    region: 'us-east-1',
    resources: [],
    detail,
  };
}

function sns(message: object, time: string, random: Random): object {
  return {
    Type: 'Notification',
    MessageId: random.uuid(),
    TopicArn: 'arn:aws:sns:us-east-1:123456789012:reports',
    Message: JSON.stringify(message),
    Timestamp: time,
  };
}
