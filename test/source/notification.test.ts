import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ReportsError } from '../../src/errors/reports-error.js';
import { readNotification } from '../../src/source/notification.js';
import { runs } from '../property-runs.js';

const report = {
  sellerId: 'A3TESTSELLER',
  accountId: 'amzn1.merchant.o.A3TESTSELLER',
  reportId: '54517018502',
  reportType: 'GET_FLAT_FILE_ACTIONABLE_ORDER_DATA',
  processingStatus: 'DONE',
  reportDocumentId: 'amzn1.tortuga.3.edbcd0d8-3434-8222-1234-52ad8ade1208.REP4567URI9BMZ',
};

const read = {
  kind: 'report',
  notificationId: 'n-1',
  sellerId: 'A3TESTSELLER',
  reportId: '54517018502',
  reportType: 'GET_FLAT_FILE_ACTIONABLE_ORDER_DATA',
  status: 'DONE',
  documentId: 'amzn1.tortuga.3.edbcd0d8-3434-8222-1234-52ad8ade1208.REP4567URI9BMZ',
};

function body(of: object = report) {
  return {
    notificationVersion: '2020-09-04',
    notificationType: 'REPORT_PROCESSING_FINISHED',
    payloadVersion: '2020-09-04',
    eventTime: '2020-07-14T03:35:13.214Z',
    payload: { reportProcessingFinishedNotification: of },
    notificationMetadata: { notificationId: 'n-1' },
  };
}

const readBody = (value: unknown) => readNotification(JSON.stringify(value), 'm-1');

function withKeys(value: unknown, change: (key: string) => string): unknown {
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [change(key), withKeys(each, change)]),
  );
}

describe('a notification', () => {
  it('is read from a body of Amazon, whatever the case of its keys', () => {
    assert.deepEqual(readBody(body()), read);
    assert.deepEqual(readBody(withKeys(body(), (key) => key.toUpperCase())), read);
    assert.deepEqual(readBody(withKeys(body(), (key) => `${key[0]?.toUpperCase()}${key.slice(1)}`)), read);
  });

  it('is read out of EventBridge and SNS, and of one within the other', () => {
    const event = { version: '0', 'detail-type': 'REPORT_PROCESSING_FINISHED', detail: body() };
    assert.deepEqual(readBody(event), read);
    assert.deepEqual(readBody({ Type: 'Notification', Message: JSON.stringify(body()) }), read);
    assert.deepEqual(readBody({ Type: 'Notification', Message: JSON.stringify(event) }), read);
  });

  it('about a client secret is read with its times, whatever the case of its keys', () => {
    const about = (notificationType: string, payload: object) => ({
      notificationType,
      eventTime: '2026-11-01T10:00:00Z',
      payload,
      notificationMetadata: { notificationId: 'n-2' },
    });
    const expiry = about('APPLICATION_OAUTH_CLIENT_SECRET_EXPIRY', {
      applicationOAuthClientSecretExpiry: {
        clientId: 'app-1',
        clientSecretExpiryTime: '2027-01-30T22:06:39.224Z',
        clientSecretExpiryReason: 'PERIODIC_ROTATION',
      },
    });
    const next = about('APPLICATION_OAUTH_CLIENT_NEW_SECRET', {
      applicationOAuthClientNewSecret: {
        clientId: 'app-1',
        newClientSecret: 'amzn1.oa2-cs.v1.new',
        newClientSecretExpiryTime: '2027-04-30T10:00:00Z',
        oldClientSecretExpiryTime: '2026-11-08T10:00:00Z',
      },
    });
    const expected = {
      clientId: 'app-1',
      at: '2026-11-01T10:00:00.000Z',
      expiresAt: '2026-11-08T10:00:00.000Z',
      next: { clientSecret: 'amzn1.oa2-cs.v1.new', expiresAt: '2027-04-30T10:00:00.000Z' },
    };
    for (const change of [(key: string) => key, (key: string) => key.toUpperCase()]) {
      const read = readBody(withKeys(next, change));
      assert.deepEqual(read.kind === 'other' && read.clientSecret, expected);
    }
    const announced = readBody(expiry);
    assert.deepEqual(announced.kind === 'other' && announced.clientSecret, {
      clientId: 'app-1',
      at: '2026-11-01T10:00:00.000Z',
      expiresAt: '2027-01-30T22:06:39.224Z',
      next: undefined,
    });
  });

  it('may lack the seller id, the account id, or the document id', () => {
    const { sellerId: _, ...byAccount } = report;
    assert.deepEqual(readBody(body(byAccount)), read);
    assert.deepEqual(readBody(body({ ...byAccount, sellerId: null })), read);
    const { accountId: __, ...old } = report;
    assert.deepEqual(readBody(body(old)), read);
    const { reportDocumentId: ___, ...bare } = report;
    const withoutDocument = { ...read, documentId: undefined };
    assert.deepEqual(readBody(body({ ...bare, processingStatus: 'DONE' })), withoutDocument);
  });

  it('names the group if it is of a vendor group', () => {
    const group = { ...report, sellerId: null, accountId: 'amzn1.vg.123' };
    assert.deepEqual(readBody(body(group)), { ...read, sellerId: 'amzn1.vg.123' });
  });

  it('may have ids as numbers', () => {
    assert.deepEqual(readBody(body({ ...report, reportId: 54517018502 })), read);
  });

  it('is distinguished from one of another type', () => {
    const other = {
      NotificationType: 'ANY_OFFER_CHANGED',
      Payload: { AnyOfferChangedNotification: { SellerId: 'A3' } },
      NotificationMetadata: { NotificationId: 'n-2' },
    };
    assert.deepEqual(readBody(other), {
      kind: 'other',
      notificationId: 'n-2',
      notificationType: 'ANY_OFFER_CHANGED',
      sellerId: undefined,
      clientSecret: undefined,
    });
  });

  it('reports what is missing if it cannot be read', () => {
    for (const [text, found] of [
      ['hello', /no JSON object: hello/],
      ['[]', /no JSON object/],
      ['{}', /no notificationType/],
      [JSON.stringify({ notificationType: 'REPORT_PROCESSING_FINISHED' }), /no payload/],
      [
        JSON.stringify(body({ ...report, sellerId: null, accountId: null })),
        /neither sellerId nor accountId/,
      ],
      [JSON.stringify(body({ ...report, reportId: '' })), /no reportId/],
      [JSON.stringify(body({ ...report, reportType: undefined })), /no reportType/],
      [JSON.stringify(body({ ...report, processingStatus: 'LOST' })), /processingStatus LOST/],
    ] as const) {
      assert.throws(
        () => readNotification(text, 'm-1'),
        (error) =>
          error instanceof ReportsError &&
          error.code === 'NOTIFICATION_UNREADABLE' &&
          found.test(error.message),
        text,
      );
    }
  });

  it('never fails otherwise, whatever is on the queue', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fc.jsonValue().map((value) => JSON.stringify(body(value as object))),
        ),
        (text) => {
          try {
            readNotification(text, 'm-1');
          } catch (error) {
            assert.ok(
              error instanceof ReportsError && error.code === 'NOTIFICATION_UNREADABLE',
              String(error),
            );
          }
        },
      ),
      { numRuns: runs(500) },
    );
  });
});
