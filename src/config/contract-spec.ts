import { z } from 'zod';

/** What happens to what a report schema does not allow, the strictest last; dlt's words. */
export const contractModes = ['evolve', 'discard_value', 'discard_row', 'freeze'] as const;

export type ContractMode = (typeof contractModes)[number];

const columns = z
  .enum(contractModes)
  .describe(
    'Columns that the schema does not know. `evolve`: they are added to the table. `discard_value`: they are left out. `discard_row`: they are left out, and rows with a value in one go to `_rejects`. `freeze`: the document is quarantined.',
  );

const dataType = z
  .enum(contractModes)
  .describe(
    'Values that do not fit the type of their column. `evolve` and `discard_value`: the value becomes NULL and goes to `_rejects`. `discard_row`: the row goes to `_rejects`. `freeze`: the document is quarantined.',
  );

/** The schema contract of a pipeline. */
export const contractSpec = z
  .strictObject({
    columns: columns.default('evolve'),
    dataType: dataType.default('evolve'),
    tables: z
      .array(
        z
          .strictObject({
            name: z.string().min(1).describe('Name of the table in the warehouse.'),
            columns: columns.optional(),
            dataType: dataType.optional(),
          })
          .describe('Tables with another contract.'),
      )
      .default([]),
  })
  .prefault({})
  .describe(
    'What happens if documents differ from the report schema. Report types without a schema take their columns from each document. A document from disk gets the strictest contract of all pipelines that load its type.',
  );
