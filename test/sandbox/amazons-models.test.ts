import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import { notificationBody } from '../../src/sandbox/notification-body.js';
import { Random } from '../../src/sandbox/random.js';
import { onEachCollection } from '../collections.js';
import {
  documentPath,
  get,
  grantlessToken,
  listingsType,
  reportPath,
  restrictedToken,
  send,
  sellerId,
  tokenOf,
  withSandbox,
} from './client.js';

const body = Buffer.from('item-name\tseller-sku\n');

/** Compiles a definition of one of Amazon's Swagger models, or a whole JSON schema. */
function compileModel(path: string, definition?: string): ValidateFunction {
  const model = JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
  const ajv = new Ajv({ strict: false, allErrors: true });
  // ajv-formats is CommonJS, whose default export is a member here.
  addFormats.default(ajv);
  if (!definition) return ajv.compile(withoutIds(model) as object);
  return ajv.compile({ definitions: model.definitions, $ref: `#/definitions/${definition}` });
}

/**
 * Amazon's notification schema gives each member an $id that is a JSON pointer, which a strict
 * reader refuses.
 */
function withoutIds(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutIds);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key]) => key !== '$id' && key !== 'examples')
      .map(([key, inner]) => [key, withoutIds(inner)]),
  );
}

function assertFits(validate: ValidateFunction, value: unknown): void {
  assert.ok(validate(value), `${JSON.stringify(value)}: ${JSON.stringify(validate.errors)}`);
}

describe("Amazon's models", () => {
  onEachCollection('spec', (folder, size) => {
    describe(`of the ${size} collection:`, () => defineTests(folder));
  });
});

function defineTests(folder: string): void {
  const compiled = (file: string, definition?: string) => compileModel(join(folder, file), definition);

  it('the sandbox answers as the model of the Reports API describes', () =>
    withSandbox({}, async (sandbox) => {
      const file = 'models/reports_2021-06-30.json';
      const times = { dataStart: new Date(0), dataEnd: new Date(1000), createdAt: new Date() };
      const { reportId, documentId } = sandbox.addReport({
        sellerId,
        reportType: listingsType,
        body,
        ...times,
      });
      const cancelled = sandbox.addReport({ sellerId, reportType: listingsType, status: 'CANCELLED' });
      const token = await tokenOf(sandbox);
      const ask = async (path: string) => (await get(sandbox, path, token)).body;

      const report = compiled(file, 'Report');
      for (const id of [reportId, cancelled.reportId]) assertFits(report, await ask(reportPath(id)));
      assertFits(compiled(file, 'ReportDocument'), await ask(documentPath(documentId)));
      const page = await ask(`/reports/2021-06-30/reports?reportTypes=${listingsType}&pageSize=1`);
      assertFits(compiled(file, 'GetReportsResponse'), page);
      assert.equal(page.reports.length, 1);
      const errors = compiled(file, 'ErrorList');
      for (const path of [
        reportPath('none'),
        documentPath('none'),
        '/reports/2021-06-30/reports?pageSize=0',
      ]) {
        assertFits(errors, await ask(path));
      }
      assertFits(errors, (await get(sandbox, reportPath(reportId))).body);
    }));

  it('the sandbox accepts requests and schedules as the model of the Reports API describes, and answers accordingly', () =>
    withSandbox({ make: () => ({ status: 'DONE', body }) }, async (sandbox) => {
      const file = 'models/reports_2021-06-30.json';
      const token = await tokenOf(sandbox);
      const wanted = {
        reportType: listingsType,
        marketplaceIds: ['ATVPDKIKX0DER'],
        reportOptions: { a: 'b' },
      };
      const times = { dataStartTime: '2026-10-01T00:00:00Z', dataEndTime: '2026-10-01T23:59:59Z' };
      assertFits(compiled(file, 'CreateReportSpecification'), { ...wanted, ...times });
      const made = await send(sandbox, 'POST', '/reports/2021-06-30/reports', token, { ...wanted, ...times });
      assert.equal(made.status, 202);
      assertFits(compiled(file, 'CreateReportResponse'), made.body);
      const report = compiled(file, 'Report');
      for (const status of ['IN_QUEUE', 'IN_PROGRESS', 'DONE']) {
        const { body: found } = await get(sandbox, reportPath(made.body.reportId), token);
        assertFits(report, found);
        assert.equal(found.processingStatus, status);
        await sandbox.stepReports();
      }
      const schedules = '/reports/2021-06-30/schedules';
      const planned = await send(sandbox, 'POST', schedules, token, { ...wanted, period: 'P1D' });
      assert.equal(planned.status, 201);
      assertFits(compiled(file, 'CreateReportScheduleResponse'), planned.body);
      const all = (await get(sandbox, `${schedules}?reportTypes=${listingsType}`, token)).body;
      assertFits(compiled(file, 'ReportScheduleList'), all);
      const own = `${schedules}/${planned.body.reportScheduleId}`;
      assertFits(compiled(file, 'ReportSchedule'), (await get(sandbox, own, token)).body);
      const errors = compiled(file, 'ErrorList');
      for (const [method, path, sent, status] of [
        ['POST', '/reports/2021-06-30/reports', { ...wanted, marketplaceIds: [] }, 400],
        ['POST', schedules, { ...wanted, period: 'P5D' }, 400],
        ['DELETE', `${schedules}/none`, undefined, 404],
        ['DELETE', reportPath(made.body.reportId), undefined, 400],
      ] as const) {
        const refused = await send(sandbox, method, path, token, sent);
        assert.equal(refused.status, status, `${method} ${path}`);
        assertFits(errors, refused.body);
      }
      assert.equal((await send(sandbox, 'DELETE', own, token)).status, 200);
    }));

  it('the sandbox answers as the model of the Tokens API describes', () =>
    withSandbox({}, async (sandbox) => {
      const file = 'models/tokens_2021-03-01.json';
      const token = await tokenOf(sandbox);
      const given = await restrictedToken(sandbox, token, documentPath('amzn1.spdoc.1'));
      assert.equal(given.status, 200);
      assertFits(compiled(file, 'CreateRestrictedDataTokenResponse'), given.body);
      const refused = await restrictedToken(sandbox, token, '/elsewhere');
      assertFits(compiled(file, 'ErrorList'), refused.body);
    }));

  it('the sandbox answers as the model of the Notifications API describes', () =>
    withSandbox({}, async (sandbox) => {
      const fits = (definition: string, { status, body }: { status: number; body: unknown }) => {
        assert.equal(status, 200, definition);
        assertFits(compiled('models/notifications.json', definition), body);
      };
      const [token, application] = [await tokenOf(sandbox), await grantlessToken(sandbox)];
      const destinations = '/notifications/v1/destinations';
      const subscription = '/notifications/v1/subscriptions/REPORT_PROCESSING_FINISHED';
      const arn = 'arn:aws:sqs:us-east-1:000000000000:reports';
      const wanted = { name: 'reports', resourceSpecification: { sqs: { arn } } };
      const made = await send(sandbox, 'POST', destinations, application, wanted);
      fits('CreateDestinationResponse', made);
      fits('GetDestinationsResponse', await get(sandbox, destinations, application));
      const { destinationId } = made.body.payload;
      const to = { destinationId, payloadVersion: '1.0' };
      fits('CreateSubscriptionResponse', await send(sandbox, 'POST', subscription, token, to));
      const found = await get(sandbox, subscription, token);
      fits('GetSubscriptionResponse', found);
      const errors = compiled('models/notifications.json', 'ErrorList');
      for (const [method, path, by, status] of [
        ['POST', destinations, application, 400],
        ['POST', subscription, token, 400],
        ['GET', destinations, token, 403],
        ['GET', subscription, application, 403],
        ['DELETE', `${destinations}/${destinationId}`, application, 409],
        ['DELETE', `${destinations}/none`, application, 404],
      ] as const) {
        const refused = await send(sandbox, method, path, by);
        assert.equal(refused.status, status, `${method} ${path}`);
        assertFits(errors, refused.body.errors);
      }
      const own = `${subscription}/${found.body.payload.subscriptionId}`;
      fits('DeleteSubscriptionByIdResponse', await send(sandbox, 'DELETE', own, application));
      const gone = `${destinations}/${destinationId}`;
      fits('DeleteDestinationResponse', await send(sandbox, 'DELETE', gone, application));
    }));

  it('the sandbox sends notifications as the schema of REPORT_PROCESSING_FINISHED describes', () =>
    withSandbox({}, async (sandbox) => {
      const validate = compiled('notifications/ReportProcessingFinishedNotification.json');
      const reports = [
        sandbox.addReport({ sellerId, reportType: listingsType, body }),
        sandbox.addReport({ sellerId, reportType: listingsType, status: 'FATAL', body }),
        sandbox.addReport({ sellerId, reportType: listingsType, status: 'CANCELLED' }),
      ];
      const random = new Random(1);
      for (const report of reports) {
        const made = (shape: 'plain' | 'eventbridge' | 'sns' | 'old') =>
          JSON.parse(notificationBody(report, shape, random, Date.now()));
        assertFits(validate, made('plain'));
        assertFits(validate, made('eventbridge').detail);
        assertFits(validate, JSON.parse(made('sns').Message));
        // Messages of 2022 have no account id, which today's schema requires.
        assert.equal(validate(made('old')), false);
      }
    }));
}
