import { z } from 'zod';

/**
 * What answers must have, as far as it is used; Amazon may add to them.
 * Source: Amazon's models reports_2021-06-30 and tokens_2021-03-01.
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

export const apiDocument = z.object({ url: text, compressionAlgorithm: z.string().nullish() });

export const apiDataToken = z.object({ restrictedDataToken: text });
