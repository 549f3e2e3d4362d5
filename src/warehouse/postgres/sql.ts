import { jsonOfTexts, wellFormed } from '../../text/well-formed.js';
import { createHash } from 'node:crypto';
import { documentId } from '../rules/document-id.js';
import type { LedgerEntry } from '../types.js';

/** PostgreSQL cuts a longer name off, without an error. */
const maxNameBytes = 63;

/** Columns that every table has: no other column can have their names. */
const systemColumns = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/**
 * The name that a table or column has in PostgreSQL. A name that PostgreSQL does not accept gets a
 * suffix that depends on all of it. Names of report tables have no case.
 */
export function ownName(name: string): string {
  const lower = name.toLowerCase();
  if (!systemColumns.has(lower) && Buffer.byteLength(lower) <= maxNameBytes) return lower;
  const suffix = `_${createHash('sha256').update(lower).digest('hex').slice(0, 8)}`;
  let beginning = '';
  for (const character of lower) {
    if (Buffer.byteLength(beginning + character) > maxNameBytes - suffix.length) break;
    beginning += character;
  }
  return beginning + suffix;
}

/** Quotes a name. */
export function identifier(name: string): string {
  return `"${ownName(name).replaceAll('"', '""')}"`;
}

/** Quotes text. */
export function literal(text: string): string {
  return `'${storable(text).replaceAll("'", "''")}'`;
}

/** PostgreSQL's text cannot contain U+0000 or half a character: U+FFFD is there instead. */
export function storable(text: string): string {
  return wellFormed(text).replaceAll('\0', '\ufffd');
}

/** A value as JSON, for a parameter, without U+0000 in its texts. */
export function storableJson(value: unknown): string {
  return jsonOfTexts(value, storable);
}

/** SQL for whether two expressions are equal or both NULL, in the form that `isNull` chooses. */
export function sameSql(one: string, other: string, isNull: boolean): string {
  return isNull ? `${one} IS NULL AND ${other} IS NULL` : `${one} = ${other}`;
}

/**
 * SQL for whether a row is of one of the documents of `documentParameters`, which are `$1` and
 * `$2`, in the form that an index is used for.
 */
export function isOfDocuments(seller: string, document: string): string {
  return `${document} = ANY ($1) AND COALESCE(${seller}, '') || '/' || ${document} = ANY ($2)`;
}

export function documentParameters(documents: Pick<LedgerEntry, 'sellerId' | 'documentId'>[]): string[][] {
  return [
    documents.map((each) => storable(each.documentId ?? '')),
    documents.map((each) => storable(documentId({ seller: each.sellerId, document: each.documentId }))),
  ];
}
