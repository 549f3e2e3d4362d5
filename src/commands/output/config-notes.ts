import { asksFor } from '../../config/report-types.js';
import type { Config } from '../../config/spec.js';
import { didYouMean } from '../../text/nearest-name.js';
import { tablesOf } from '../../schema/infer.js';
import type { ReportSchemas } from '../../schema/types.js';

/** A line for each report type that a pipeline asks for and no schema knows: a misspelled one would let all documents of the right one pass by. */
export function unknownTypes({ pipelines }: Config, schemas: ReportSchemas): string[] {
  const known = [...schemas.keys()];
  return pipelines.flatMap(({ name, reportTypes }) =>
    reportTypes
      .filter((wanted) => !known.some((type) => asksFor([wanted], type)))
      .map(
        (wanted) =>
          `pipeline ${name}: no report type is known that is ${wanted}; where Amazon has it, its columns are inferred${didYouMean(wanted, known)}`,
      ),
  );
}

/**
 * A line for each name of `alarms.staleAfter` that stands for no table: a misspelled one would leave the right one without its alarm.
 * `loaded` are tables that are there, beside those that the schemas know.
 */
export function unknownStaleTables(
  { alarms }: Config,
  schemas: ReportSchemas,
  loaded: string[] = [],
): string[] {
  const types = [...schemas.keys()];
  const known = [...tablesOf(schemas), ...types, ...loaded];
  return Object.keys(alarms?.staleAfter ?? {})
    .filter((name) =>
      name.includes('*') ? !types.some((type) => asksFor([name], type)) : !known.includes(name),
    )
    .map(
      (name) =>
        `alarms.staleAfter: no table and no report type is known that is ${name}; it counts for nothing until one is loaded${didYouMean(name, known)}`,
    );
}
