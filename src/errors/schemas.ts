import type { CatalogueEntry } from './entry.js';

/** Errors of report schemas and views. */
export const schemaErrors = {
  SCHEMA_INVALID: {
    kind: 'terminal',
    message: 'reading the report schemas and views: {count} found\n{problems}',
    remedy:
      'Fix each problem above, then run `sp-reports schemas check`. docs/schemas.md describes report schemas, docs/views.md describes views.',
  },
  SCHEMA_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for the schema of {reportType}: there is none{nearest}',
    remedy:
      'List the schemas with `sp-reports schemas list`, or draft one with `sp-reports schemas infer FILE --type {reportType}`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
