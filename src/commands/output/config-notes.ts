import { matchesReportType } from '../../config/report-types.js';
import type { Config } from '../../config/spec.js';
import { didYouMean } from '../../text/nearest-name.js';
import { tablesOf } from '../../schema/infer.js';
import type { ReportSchemas } from '../../schema/types.js';

/**
 * Returns a note for each report type that a pipeline names and no schema has. With a misspelled
 * type, all documents of the intended type would be skipped.
 */
export function unknownTypes({ pipelines }: Config, schemas: ReportSchemas): string[] {
  const known = [...schemas.keys()];
  return pipelines.flatMap(({ name, reportTypes }) =>
    reportTypes
      .filter((wanted) => !known.some((type) => matchesReportType([wanted], type)))
      .map(
        (wanted) =>
          `pipeline ${name}: unknown report type ${wanted}; if Amazon has it, its columns are inferred${didYouMean(wanted, known)}`,
      ),
  );
}

/**
 * Returns a note for each name in `alarms.staleAfter` that matches no table. With a misspelled
 * name, the intended table would have no alarm. `loaded` are existing tables besides those of the
 * schemas.
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
      name.includes('*') ? !types.some((type) => matchesReportType([name], type)) : !known.includes(name),
    )
    .map(
      (name) =>
        `alarms.staleAfter: unknown table or report type ${name}; it has no effect until one is loaded${didYouMean(name, known)}`,
    );
}
