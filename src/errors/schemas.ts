import type { CatalogueEntry } from './entry.js';

/** Of report schemas and views. */
export const schemaErrors = {
  SCHEMA_INVALID: {
    kind: 'terminal',
    message: 'reading the report schemas and views: {count} found\n{problems}',
    remedy:
      'Mend each line, then run `sp-reports schemas check`. Report schemas are described in docs/schemas.md, views in docs/views.md.',
  },
  SCHEMA_UNKNOWN: {
    kind: 'terminal',
    message: 'looking for the schema of {reportType}: there is none{nearest}',
    remedy:
      'See `sp-reports schemas list`; make one with `sp-reports schemas infer FILE --type {reportType}`.',
  },
} as const satisfies Record<string, CatalogueEntry>;
