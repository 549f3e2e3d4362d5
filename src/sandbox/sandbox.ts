import { randomUUID } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import {
  ChangeMessageVisibilityCommand,
  CreateQueueCommand,
  GetQueueAttributesCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { buildApp } from 'fauxqs';
import { silenceAwsNodeWarning } from '../runtime/aws-sdk.js';
import { systemClock } from '../runtime/clock.js';
import { policyForAmazon } from '../connect/queue-policy.js';
import type { ReportRegion } from '../schema/types.js';
import type { ReportStatus } from '../source/types.js';
import {
  type AmazonState,
  type AskedReport,
  restrictedTypes,
  type SandboxReport,
  type SandboxSeller,
  emptyAmazon,
} from './amazon.js';
import { startApiServer } from './api-server.js';
import { type Make, makeUp, stepReports } from './make-reports.js';
import { type NotificationShape, notificationBody } from './notification-body.js';
import { Random } from './random.js';
import { amazonsPlans, type UsagePlan } from './rate-limits.js';

export interface SandboxOptions {
  /** The same seed results in the same ids. */
  seed?: number;
  /** Usage plans by operation, instead of Amazon's. */
  plans?: Record<string, UsagePlan>;
  /** Lifetime of an access token, restricted or not; one hour at Amazon. */
  tokenSeconds?: number;
  /** Lifetime of a presigned URL; five minutes at Amazon. */
  urlSeconds?: number;
  /**
   * Number of receives after which a message moves to a dead-letter queue; by default there is
   * none.
   */
  maxReceiveCount?: number;
  /** The clock of the API, in epoch milliseconds; the queue has its own. */
  now?: () => number;
  /** Decides the result of requested reports, instead of generated ones. */
  make?: Make;
  /** The address of an SQS server to make the queue on, instead of the sandbox's own. */
  queueServer?: string;
}

export interface NewReport {
  sellerId: string;
  reportType: string;
  status?: ReportStatus;
  /** The bytes of the text; without them there is no document. */
  body?: Buffer;
  /** Whether the bytes are gzipped (default) or sent unchanged. */
  gzip?: boolean;
  contentType?: string;
  marketplaceIds?: string[];
  createdAt?: Date;
  dataStart?: Date;
  dataEnd?: Date;
  /** Whether the document requires a restricted data token; by default the report type decides. */
  restricted?: boolean;
  /** Ids instead of generated ones. */
  reportId?: string;
  documentId?: string;
}

/** A local simulation of Amazon: an SQS queue, and the Selling Partner API over HTTP. */
export interface Sandbox {
  queueUrl: string;
  sqsEndpoint: string;
  apiEndpoint: string;
  loginUrl: string;
  /** AWS credentials that the queue accepts, as environment variables. */
  awsEnvironment: Record<string, string>;
  /**
   * The state of the simulated Amazon, with the calls it received and the faults that tests plan.
   */
  state: AmazonState;
  addSeller(seller: { sellerId: string; region: ReportRegion; marketplaces: string[] }): SandboxSeller;
  credentialsFor(sellerId: string): SandboxSeller['credentials'];
  /**
   * Connects the sellers to the queue like `sp-reports subscribe`: an access policy, a destination,
   * and a subscription of each seller.
   */
  subscribeSellers(): Promise<void>;
  addReport(report: NewReport): SandboxReport;
  notify(report: SandboxReport, shape?: NotificationShape): Promise<void>;
  /**
   * Advances requested reports by one step: from IN_QUEUE to IN_PROGRESS, from there to their end,
   * which is notified to the queue unless `silently`. Returns the reports that ended.
   */
  stepReports(how?: { silently?: boolean }): Promise<SandboxReport[]>;
  /** Sends any text to the queue. */
  sendBody(body: string): Promise<void>;
  /** Returns the number of messages on the queue: visible, and in flight. */
  queueDepth(): Promise<{ visible: number; inFlight: number }>;
  /**
   * Ends the visibility timeout of all messages in flight; on a server that is not the sandbox's
   * own, waits until the first of them ends, unless others are visible.
   */
  returnMessages(): Promise<void>;
  /** Returns the bodies of the messages on the dead-letter queue. */
  deadLetters(): Promise<string[]>;
  close(): Promise<void>;
}

/** Starts the sandbox on loopback, on free ports. */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  silenceAwsNodeWarning();
  const random = new Random(options.seed ?? 1);
  const state = emptyAmazon({ random, now: options.now ?? systemClock.now });
  const make = options.make ?? makeUp(state);
  const addAsked = (asked: AskedReport): SandboxReport => {
    const { dataStart, dataEnd, ...rest } = asked;
    const added = makeReport(
      {
        ...rest,
        status: 'IN_QUEUE',
        dataStart: dataStart ? new Date(dataStart) : undefined,
        dataEnd: dataEnd ? new Date(dataEnd) : undefined,
      },
      state,
    );
    state.reports.push({ ...added, asked });
    return state.reports.at(-1) as SandboxReport;
  };
  const api = await startApiServer(state, {
    addAsked,
    plans: { ...amazonsPlans, ...options.plans },
    tokenSeconds: options.tokenSeconds ?? 3600,
    urlSeconds: options.urlSeconds ?? 300,
  });
  const ownServer = options.queueServer === undefined ? buildApp({ logger: false }) : undefined;
  const sqsEndpoint = ownServer
    ? await ownServer.listen({ port: 0, host: '127.0.0.1' })
    : (options.queueServer ?? '');
  const awsEnvironment = {
    AWS_ACCESS_KEY_ID: 'sandbox',
    AWS_SECRET_ACCESS_KEY: 'sandbox-secret-access-key',
    AWS_REGION: 'us-east-1',
  };
  const sqs = new SQSClient({
    endpoint: sqsEndpoint,
    region: awsEnvironment.AWS_REGION,
    credentials: { accessKeyId: 'sandbox', secretAccessKey: 'sandbox-secret-access-key' },
  });
  const deadLetterUrl = options.maxReceiveCount ? await createQueue(sqs, 'reports-dead', {}) : undefined;
  const queueUrl = await createQueue(
    sqs,
    ownServer ? 'reports' : `reports-${randomUUID()}`,
    deadLetterUrl
      ? {
          RedrivePolicy: JSON.stringify({
            deadLetterTargetArn: 'arn:aws:sqs:us-east-1:000000000000:reports-dead',
            maxReceiveCount: options.maxReceiveCount,
          }),
        }
      : {},
  );

  return {
    queueUrl,
    sqsEndpoint,
    apiEndpoint: api.base,
    loginUrl: `${api.base}/auth/o2/token`,
    awsEnvironment,
    state,
    addSeller({ sellerId, region, marketplaces }) {
      const seller: SandboxSeller = {
        sellerId,
        region,
        marketplaces,
        credentials: {
          clientId: 'amzn1.application-oa2-client.sandbox',
          clientSecret: 'sandbox-secret',
          refreshToken: `Atzr|${sellerId}`,
        },
      };
      state.sellers.set(sellerId, seller);
      return seller;
    },
    credentialsFor(sellerId) {
      const seller = state.sellers.get(sellerId);
      if (!seller) throw new Error(`the sandbox has no seller ${sellerId}`);
      return seller.credentials;
    },
    async subscribeSellers() {
      const arn = 'arn:aws:sqs:us-east-1:000000000000:reports';
      await sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: queueUrl,
          Attributes: { Policy: JSON.stringify(policyForAmazon(arn)) },
        }),
      );
      const destinationId = random.uuid();
      state.destinations.push({ destinationId, name: 'sandbox', resource: { sqs: { arn } } });
      for (const sellerId of state.sellers.keys()) {
        const notificationType = 'REPORT_PROCESSING_FINISHED';
        const ids = { subscriptionId: random.uuid(), destinationId };
        state.subscriptions.push({ sellerId, notificationType, payloadVersion: '1.0', ...ids });
      }
    },
    addReport(report) {
      const added = makeReport(report, state);
      state.reports.push(added);
      return added;
    },
    async stepReports({ silently = false } = {}) {
      const ended = stepReports(state, make, addAsked);
      if (!silently)
        for (const report of ended) await send(notificationBody(report, 'plain', random, state.now()));
      return ended;
    },
    async notify(report, shape = 'plain') {
      await send(notificationBody(report, shape, random, state.now()));
    },
    sendBody: send,
    queueDepth,
    async returnMessages() {
      if (!ownServer) {
        for (;;) {
          const { visible, inFlight } = await queueDepth();
          if (visible > 0 || inFlight === 0) return;
          await systemClock.sleep(500);
        }
      }
      for (const { receiptHandle: ReceiptHandle } of (await inspect('reports')).inflight) {
        await sqs.send(
          new ChangeMessageVisibilityCommand({ QueueUrl: queueUrl, ReceiptHandle, VisibilityTimeout: 0 }),
        );
      }
    },
    async deadLetters() {
      if (!deadLetterUrl) return [];
      // Receiving would return ten at a time, and hide them from others.
      return (await inspect('reports-dead')).ready.map(({ body }) => body);
    },
    async close() {
      sqs.destroy();
      await Promise.all([ownServer?.close(), api.close()]);
    },
  };

  async function queueDepth() {
    const { Attributes } = await sqs.send(
      new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] }),
    );
    return {
      visible: Number(Attributes?.ApproximateNumberOfMessages),
      inFlight: Number(Attributes?.ApproximateNumberOfMessagesNotVisible),
    };
  }

  async function inspect(queue: string) {
    if (!ownServer) throw new Error('only the own server of the sandbox shows its messages');
    const inspected = await ownServer.inject(`/_fauxqs/queues/${queue}`);
    const { messages } = inspected.json<{
      messages: { ready: { body: string }[]; inflight: { receiptHandle: string }[] };
    }>();
    return messages;
  }

  async function send(body: string): Promise<void> {
    await sqs.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody: body }));
  }
}

async function createQueue(
  sqs: SQSClient,
  name: string,
  attributes: Record<string, string>,
): Promise<string> {
  const { QueueUrl = '' } = await sqs.send(
    new CreateQueueCommand({ QueueName: name, Attributes: attributes }),
  );
  return QueueUrl;
}

function makeReport(report: NewReport, { random, sellers, now }: AmazonState): SandboxReport {
  const { sellerId, reportType, body, gzip = true, contentType = 'text/plain; charset=UTF-8' } = report;
  const region = sellers.get(sellerId)?.region ?? 'na';
  const madeUpDocumentId = `amzn1.spdoc.1.4.${region}.${random.uuid()}.T${random.letters(13)}.2651`;
  const madeUpReportId = `5${random.digits(4)}0${random.digits(6)}`;
  const document = body && {
    bytes: gzip ? gzipSync(body) : body,
    contentType,
    compression: gzip ? ('GZIP' as const) : undefined,
  };
  return {
    sellerId,
    reportType,
    reportId: report.reportId ?? madeUpReportId,
    status: report.status ?? 'DONE',
    marketplaceIds: report.marketplaceIds ?? sellers.get(sellerId)?.marketplaces ?? [],
    createdAt: (report.createdAt ?? new Date(now())).toISOString(),
    restricted: report.restricted ?? restrictedTypes.has(reportType),
    dataStart: report.dataStart?.toISOString(),
    dataEnd: report.dataEnd?.toISOString(),
    documentId: document && (report.documentId ?? madeUpDocumentId),
    document,
  };
}
