import { z } from 'zod';

/** What one document may cost, whatever is in it. Real reports are far below each of these. */
export const documentsSpec = z
  .strictObject({
    maxRowCharacters: z
      .int()
      .min(1_048_576)
      .max(268_435_456)
      .default(16_777_216)
      .describe(
        'Limit of the characters of what is read as a whole: a line, a quoted row, an object of a list, or everything beside the lists of a document. A conversion needs about ten times as many bytes of memory.',
      ),
    maxRowValues: z
      .int()
      .min(100_000)
      .max(100_000_000)
      .default(1_000_000)
      .describe('Limit of the values inside one object, list or element of JSON or XML.'),
    maxColumns: z
      .int()
      .min(1)
      .max(10_000)
      .default(2000)
      .describe(
        'Limit of the columns of a table. With more of them, a commit may need a higher `warehouse.memoryLimitMegabytes`.',
      ),
    maxLists: z
      .int()
      .min(1)
      .max(10_000)
      .default(200)
      .describe('Limit of the lists in one JSON or XML document, each of which may become a table.'),
    maxWorkbookBytes: z
      .int()
      .min(1)
      .max(536_870_912)
      .default(67_108_864)
      .describe('Limit of the unpacked XML of a workbook, which is in memory as a whole.'),
    maxSheetCells: z
      .int()
      .min(1)
      .max(100_000_000)
      .default(2_000_000)
      .describe('Limit of the cells in the rectangle around all cells of a sheet that have a value.'),
    maxSheetCharacters: z
      .int()
      .min(1)
      .max(2_147_483_648)
      .default(268_435_456)
      .describe('Limit of the characters of a sheet as text. Its cells may share their texts.'),
  })
  .prefault({})
  .describe(
    'Limits on what is in one document, so that no document exhausts the memory. A document that exceeds one is quarantined, and its reason names the setting to raise.',
  );

/** The limits on what is in one document. */
export type DocumentLimits = Readonly<z.output<typeof documentsSpec>>;

/** The limits without any settings. */
export const defaultDocumentLimits: DocumentLimits = documentsSpec.parse({});
