import { z } from 'zod';

/**
 * The members that responses must have, as far as they are used. Amazon may add others.
 * Source: Amazon's models reports_2021-06-30, tokens_2021-03-01 and notifications.
 */

const text = z.string().min(1);

export const apiReport = z.object({
  reportId: text,
  reportType: text,
  processingStatus: z.enum(['DONE', 'FATAL', 'CANCELLED', 'IN_QUEUE', 'IN_PROGRESS']),
  createdTime: text,
  reportDocumentId: z.string().nullish(),
  marketplaceIds: z.array(z.string()).nullish(),
  dataStartTime: z.string().nullish(),
  dataEndTime: z.string().nullish(),
});

export type ApiReport = z.output<typeof apiReport>;

export const apiReports = z.object({ reports: z.array(apiReport), nextToken: z.string().nullish() });

export const apiCreatedReport = z.object({ reportId: text });

const apiSchedule = z.object({
  reportScheduleId: text,
  reportType: text,
  period: text,
  marketplaceIds: z.array(z.string()).nullish(),
  reportOptions: z.record(z.string(), z.string()).nullish(),
});

export const apiSchedules = z.object({ reportSchedules: z.array(apiSchedule) });

export const apiCreatedSchedule = z.object({ reportScheduleId: text });

export const apiDocument = z.object({ url: text, compressionAlgorithm: z.string().nullish() });

export const apiDataToken = z.object({ restrictedDataToken: text });

const apiSubscription = z.object({ subscriptionId: text, destinationId: text, payloadVersion: text });

export const apiSubscriptionAnswer = z.object({ payload: apiSubscription });

const apiDestination = z.object({
  destinationId: text,
  name: z.string(),
  resource: z.object({ sqs: z.object({ arn: text }).nullish() }),
});

export type ApiDestination = z.output<typeof apiDestination>;

export const apiDestinationAnswer = z.object({ payload: apiDestination });

export const apiDestinationsAnswer = z.object({ payload: z.array(apiDestination) });

/** The response of an operation that reports nothing but success. */
export const apiNothing = z.object({});
