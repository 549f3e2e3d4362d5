import { z } from 'zod';
import { defaultMaxDocumentBytes } from './default-limits.js';

/** The limits of a pipeline. */
export const limitsSpec = z
  .strictObject({
    maxDocuments: z
      .int()
      .min(1)
      .default(1000)
      .describe('Maximum number of messages that a drain receives, or of reports that a sweep loads.'),
    maxMinutes: z
      .number()
      .min(0.01)
      .max(1440)
      .default(50)
      .describe('Minutes after which a drain or sweep starts no new work.'),
    maxDocumentBytes: z
      .int()
      .min(1)
      .default(defaultMaxDocumentBytes)
      .describe('Maximum gunzipped size of a document; a larger one is quarantined.'),
    concurrency: z
      .int()
      .min(1)
      .max(16)
      .default(2)
      .describe(
        'Documents of the pipeline that are processed at the same time, by all its runs together. All pipelines of a process together process no more than the highest `concurrency` allows.',
      ),
    visibilityTimeoutSeconds: z
      .int()
      .min(1)
      .max(43_200)
      .default(300)
      .describe(
        'Seconds for which a received message stays hidden from other receivers. Extended while its document is being processed.',
      ),
    waitTimeSeconds: z
      .int()
      .min(0)
      .max(20)
      .default(10)
      .describe('Seconds of long polling. A response without messages ends the drain.'),
    maxReceives: z
      .int()
      .min(1)
      .default(3)
      .describe(
        'Failed attempts after which a document is quarantined, if the queue has no redrive policy of its own.',
      ),
  })
  .refine(({ visibilityTimeoutSeconds, waitTimeSeconds }) => !(visibilityTimeoutSeconds <= waitTimeSeconds), {
    path: ['visibilityTimeoutSeconds'],
    error: 'must be longer than waitTimeSeconds',
    // Reported beside other mistakes in the limits too; comparing something that is no number finds
    // nothing.
    when: ({ value }) => typeof value === 'object' && value !== null,
  })
  .prefault({})
  .describe('Limits of a run.');
