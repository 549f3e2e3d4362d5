import { z } from 'zod';
import { historyModes } from '../schema/history.js';
import { span } from '../yaml/span.js';

const keepUnits = ['day', 'week', 'month', 'year'] as const;

const historyTableSpec = z
  .strictObject({
    name: z
      .string()
      .min(1)
      .describe('Name of the table whose history it is: one with the load mode `snapshot`.'),
    mode: z
      .enum([...historyModes, 'none'])
      .optional()
      .describe(
        '`changes`: one row for each time that a row stayed the same, with `valid_from` and `valid_to`. `daily`: the rows of the last report of each day. `none`: no history. The default is that of the report schema.',
      ),
    keep: span(keepUnits, '2 years')
      .optional()
      .describe('How long rows are kept after they stopped being valid, such as `2 years`.'),
  })
  .describe('Tables with another history than their report schema says.');

/** `history:` of the settings. */
export const historySpec = z
  .union([
    z.literal(false),
    z.strictObject({
      keepDaily: span(keepUnits, '400 days')
        .optional()
        .describe('How long histories by days are kept. The default is `400 days`.'),
      keepChanges: span(keepUnits, '3 years')
        .optional()
        .describe(
          'How long histories by changes keep rows that are no longer valid. The default is `3 years`.',
        ),
      tables: z.array(historyTableSpec).default([]),
    }),
  ])
  .prefault({})
  .describe(
    'The histories of tables of snapshots: stock, listings, prices and others that Amazon reports only as they are now (docs/guides/history.md). `false` for none.',
  );

export type HistorySetting = z.output<typeof historySpec>;
