import { withoutUndefined } from '../runtime/without-undefined.js';
import type { ReportSchema, ReportSchemas, RequestFacts } from './types.js';

/** Returns what is known about requesting a report type; nothing, for a type without a schema. */
export function requestFacts(schemas: ReportSchemas, reportType: string): RequestFacts {
  return schemas.get(reportType)?.request ?? { sources: {} };
}

/**
 * Returns a schema that replaces an earlier one of the same type, with the facts of both. They are
 * about Amazon, and a user who changes columns does not mean to drop them. Where both state a fact,
 * the later schema wins, and is its source.
 */
export function withEarlierFacts(later: ReportSchema, earlier: ReportSchema): ReportSchema {
  if (!earlier.request) return later;
  const { sources, ...own }: RequestFacts = later.request ?? { sources: {} };
  const options = { ...earlier.request.options };
  for (const [name, each] of Object.entries(own.options ?? {})) options[name] = { ...options[name], ...each };
  const stated = Object.keys(own).filter((fact) => fact !== 'madeBy');
  return {
    ...later,
    request: withoutUndefined({
      ...earlier.request,
      ...own,
      options: Object.keys(options).length > 0 ? options : undefined,
      sources: {
        ...earlier.request.sources,
        ...Object.fromEntries(stated.map((fact) => [fact, later.file])),
        ...sources,
      },
    }),
  };
}
