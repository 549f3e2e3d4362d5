import { ReportsError } from '../errors/reports-error.js';
import { hasMembers, matchTypes, type TypeMatch } from '../schema/match-types.js';
import type { Decision } from '../schema/findings.js';
import type { ReportSchema, ReportSchemas } from '../schema/types.js';
import type { DocumentMetadata } from '../source/types.js';
import { pluralize } from '../text/pluralize.js';
import { decideDialect } from './delimited/dialect.js';
import { formatOf } from './format.js';
import type { ParsedTable } from './types.js';

/** The report types whose schemas know what the beginning of a document has, best first. */
export function recognizeTypes(head: string, schemas: ReportSchemas): TypeMatch[] {
  const format = formatOf(head);
  if (format === 'JSON' || format === 'XML') {
    return matchTypes(memberNames(head), 'members', schemas.values());
  }
  if (format !== 'delimited') return [];
  const header = decideDialect(head, undefined)?.header ?? [];
  return matchTypes(header, 'delimited', schemas.values());
}

function memberNames(head: string): Set<string> {
  const members = head.matchAll(/"([^"\\\n]{1,100})"\s*:|<([A-Za-z][\w.-]*)|\s([A-Za-z][\w.-]*)="/g);
  return new Set([...members].map(([, member, element, attribute]) => member ?? element ?? attribute ?? ''));
}

/**
 * Refuses a document that is not of its report type, by what its schema knows of it. `tables` are
 * those that the schema gave the document.
 *
 * Refused is a document of which the schema knows too little: less than half of its headers, which
 * are also less than half of the schema's columns. So is one of which another schema knows nearly
 * all headers, and far more than its own.
 * Errors: WRONG_REPORT_TYPE.
 */
export function refuseOtherType(
  { reportType, documentId }: DocumentMetadata,
  tables: ParsedTable[],
  { schema, schemas }: { schema: ReportSchema; schemas: ReportSchemas },
): void {
  const found = whyOtherType(tables, schema, schemas);
  if (found !== undefined) throw new ReportsError('WRONG_REPORT_TYPE', { reportType, documentId, found });
}

/**
 * Refuses a document that itself states another report type.
 * Errors: WRONG_REPORT_TYPE.
 */
export function refuseStatedType({ reportType, documentId }: DocumentMetadata, decisions: Decision[]): void {
  const stated = decisions.find(({ subject }) => subject === 'report_type')?.value ?? reportType;
  if (stated === reportType) return;
  const found = `the document itself says that it is a ${stated}`;
  throw new ReportsError('WRONG_REPORT_TYPE', { reportType, documentId, found });
}

function whyOtherType(
  tables: ParsedTable[],
  schema: ReportSchema,
  schemas: ReportSchemas,
): string | undefined {
  const own = matchOf(tables);
  if (own.known === own.total) return undefined;
  const kind = hasMembers(schema.format) ? 'members' : 'delimited';
  const [best] = matchTypes(headersOf(tables, kind), kind, schemas.values());
  const isFarBetter =
    best !== undefined &&
    best.share >= minShareOfBetter &&
    best.share - own.share >= minLead &&
    best.known - own.known >= minMoreHeaders &&
    best.coverage >= own.coverage;
  const isTooLittle = own.share < minShare && own.coverage < minShare;
  if (!isFarBetter && !isTooLittle) return undefined;
  const ownText = `its schema knows ${own.known} of ${pluralize(own.total, 'header')}`;
  return isFarBetter ? `${ownText}, the schema of ${best.reportType} knows ${best.known}` : ownText;
}

const minShare = 0.5;
const minShareOfBetter = 0.8;
const minLead = 0.3;
const minMoreHeaders = 2;

/** How well the schema of a document explains it, from the tables that it gave the document. */
function matchOf(tables: ParsedTable[]): { known: number; total: number; share: number; coverage: number } {
  const columns = tables.flatMap((table) => table.columns);
  const ofSchema = columns.filter(({ origin }) => origin === 'schema');
  const known = ofSchema.filter(({ header }) => header !== undefined).length;
  const added = columns.filter(({ origin, header = '' }) => origin === 'added' && header.trim() !== '');
  const total = known + added.length;
  return { known, total, share: known / total, coverage: known / ofSchema.length };
}

function headersOf(tables: ParsedTable[], kind: 'delimited' | 'members'): string[] {
  const headers = tables.flatMap(({ columns }) => columns.flatMap(({ header }) => header ?? []));
  return kind === 'members' ? headers.map((path) => path.split('.').at(-1) ?? path) : headers;
}

/**
 * Returns a text such as `; the schema of GET_X knows 12 of its headers`, for a document that its
 * own schema cannot load; empty if no schema knows most of its headers, and more than its own.
 */
export function betterTypeText(reportType: string, head: string, schemas: ReportSchemas): string {
  const matches = recognizeTypes(head, schemas);
  const own = matches.find((match) => match.reportType === reportType);
  const [best] = matches;
  if (!best || best.share < minShareOfBetter || best.known - (own?.known ?? 0) < minMoreHeaders) return '';
  return `; the schema of ${best.reportType} knows ${best.known} of its headers`;
}
