import { firstSteps } from '../../config/read.js';
import type { Config, Pipeline } from '../../config/spec.js';
import { ReportsError } from '../../errors/reports-error.js';
import type { ReportSchema, ReportSchemas } from '../../schema/types.js';
import { didYouMean, nearestName } from '../../text/nearest-name.js';

/** Returns the pipeline of that name, or all if no name is given. Errors: USAGE. */
export function pipelinesNamed({ file, pipelines }: Config, name: string | undefined): Pipeline[] {
  return someNamed('pipeline', pipelines, (pipeline) => pipeline.name, name, file);
}

/** Returns the seller with that id, or all if no id is given. Errors: USAGE. */
export function sellersNamed({ file, sellers }: Config, id: string | undefined): Config['sellers'] {
  return someNamed('seller', sellers, (seller) => seller.id, id, file);
}

/** Returns the schema of a report type. Errors: SCHEMA_UNKNOWN, which suggests the nearest type. */
export function schemaOf(schemas: ReportSchemas, reportType: string): ReportSchema {
  const schema = schemas.get(reportType);
  if (schema) return schema;
  const nearest = nearestName(reportType, schemas.keys());
  throw new ReportsError('SCHEMA_UNKNOWN', {
    reportType,
    nearest: nearest ? `; did you mean ${nearest}?` : '',
  });
}

function someNamed<Item>(
  noun: string,
  all: Item[],
  nameOf: (item: Item) => string,
  wanted: string | undefined,
  file: string | null,
): Item[] {
  if (all.length === 0)
    throw new ReportsError('USAGE', { problem: `${file} has no ${noun}s. ${firstSteps}` });
  if (wanted === undefined) return all;
  const found = all.filter((item) => nameOf(item) === wanted);
  if (found.length > 0) return found;
  const names = all.map(nameOf);
  const hint = didYouMean(wanted, names) || '.';
  throw new ReportsError('USAGE', {
    problem: `no ${noun} "${wanted}" in ${file}${hint} It has: ${names.join(', ')}.`,
  });
}
