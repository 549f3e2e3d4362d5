import { ReportsError } from '../../errors/reports-error.js';
import { readColumnPath } from '../../schema/object-path.js';
import type { ReportSchema } from '../../schema/types.js';
import type { DocumentMetadata } from '../../source/types.js';
import { rootElement, type TextFormat } from '../format.js';
import { headCharacters } from '../limits.js';

/*
 * Amazon also makes documents that only say why there is no report. Their text is the reason in the
 * ledger; it is never loaded as rows.
 */

/**
 * The text of a message in place of a report, in the words of Amazon; undefined for anything else.
 * `head`: the beginning of the document, all of it if it is shorter than `headCharacters`.
 */
export function messageIn(
  head: string,
  format: TextFormat,
  schema: ReportSchema | undefined,
): string | undefined {
  if (format === 'HTML') return textOfMarkup(head);
  if (format === 'XML') return xmlMessage(head);
  if (format === 'JSON') return jsonMessage(head, schema);
  return undefined;
}

/** The error for a message in place of a report, with its text. */
export function notAReport({ reportType, documentId }: DocumentMetadata, text: string): ReportsError {
  const maxCharacters = 500;
  const found = JSON.stringify(text.trim().replace(/\s+/g, ' ').slice(0, maxCharacters));
  return new ReportsError('NOT_A_REPORT', { reportType, documentId, found });
}

/**
 * Whether a text without a known header is a few sentences. `isColumn`: it could also be a column
 * of texts with its header.
 */
export function isProse(head: string, { isColumn }: { isColumn: boolean }): boolean {
  const maxLines = isColumn ? 3 : 10;
  if (head.length >= headCharacters || head.includes('\t')) return false;
  const lines = head.split(/[\r\n]+/).filter((line) => line.trim() !== '');
  const [first = ''] = lines;
  if (lines.length > maxLines) return false;
  if (isColumn) return lines.slice(1).every((line) => sentenceEnd.test(line)) && failureWords.test(head);
  return (
    /\p{L}\S*\s+\S*\p{L}/u.test(first) || /[\p{Script=Han}\p{Script=Kana}\p{Script=Hira}]{4}/u.test(first)
  );
}

const sentenceEnd = /[.!?。！]["'”]?\s*$/;
const failureWords =
  /\b(?:error|unavailable|not available|no data|no report|no records?|try again|retry|failed|failure|denied|expired|invalid|unable|could not|cannot|contact)\b/i;

/** Members by which alone a document is a message. */
const failureNames = /^(?:errorDetails?|reportRequestError|errors?|errorMessage|fault|exception)$/i;
/** Members that may be beside them, or around a `message`. */
const detailNames =
  /^(?:code|errorCode|message|msg|details?|description|reason|status|statusCode|success|ok|(?:__)?type|title|requestId|timestamp|path|id)$/i;
const messageNames = /^(?:message|msg|errorMessage|details)$/i;
const explainingNames = /^(?:message|msg|errorMessage|details?|reason|description)$/i;

function jsonMessage(head: string, schema: ReportSchema | undefined): string | undefined {
  if (head.length >= headCharacters) return beginsAsMessage(head);
  const known = namesOf(schema);
  let value: unknown;
  try {
    value = unwrapped(JSON.parse(head), known);
  } catch {
    return beginsAsMessage(head);
  }
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  const members = isObject ? Object.entries(value as object).filter(([name]) => !known.has(name)) : [];
  const failures = members.filter(([name, member]) => failureNames.test(name) && isFailure(member));
  const others = members.filter(([name]) => !failureNames.test(name));
  const isMessage =
    failures.length > 0
      ? !others.some(([, member]) => hasRows(member)) && !hasRowsOf(known, value)
      : isDetails(value) && members.length > 0;
  if (isMessage) return textsIn(failures.length > 0 ? failures.map(([, member]) => member) : value) || head;
  const maxItems = 10;
  const isList = Array.isArray(value) && value.length > 0 && value.length <= maxItems;
  return isList && (value as unknown[]).every((item) => isCoded(item, known)) ? textsIn(value) : undefined;
}

/** What is in objects that each have nothing but one other object, such as `{"response":{…}}`. */
function unwrapped(value: unknown, known: Set<string>): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const [[name, member] = ['', undefined], another] = Object.entries(value);
  const isWrapper = another === undefined && !known.has(name) && !failureNames.test(name);
  const isObject = typeof member === 'object' && member !== null && !Array.isArray(member);
  return isWrapper && isObject ? unwrapped(member, known) : value;
}

/** An item of a list of errors. */
function isCoded(item: unknown, known: Set<string>): boolean {
  return (
    isDetails(item) &&
    'code' in (item as object) &&
    !Object.keys(item as object).some((name) => known.has(name))
  );
}

/** One that is cut off, or not well-formed, is a message too. */
function beginsAsMessage(head: string): string | undefined {
  return /^\s*\{\s*"(?:errorDetails|reportRequestError)"/.test(head) ? head : undefined;
}

/** The first names of the paths of rows and columns, which are no message. */
function namesOf(schema: ReportSchema | undefined): Set<string> {
  const names = new Set<string>();
  for (const { rows, columns } of schema?.tables ?? []) {
    if (rows !== undefined && rows !== '$') names.add(rows.split('.')[0] as string);
    if (rows !== '$') continue;
    for (const { from } of columns)
      for (const path of from) names.add(readColumnPath(path)?.names[0] ?? path);
  }
  return names;
}

function hasRowsOf(names: Set<string>, value: unknown): boolean {
  return [...names].some((name) => hasRows((value as Record<string, unknown>)[name]));
}

function hasRows(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** A text, an object that explains, or a list of them; a list of anything else may be rows. */
function isFailure(value: unknown): boolean {
  if (typeof value === 'string') return value.trim() !== '';
  if (Array.isArray(value)) return value.length > 0 && value.every(isFailure);
  return isDetails(value);
}

function isDetails(value: unknown): boolean {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  const names = Object.keys(value);
  const hasFailed = (value as { success?: unknown }).success === false;
  return (
    names.some((name) => (hasFailed ? explainingNames : messageNames).test(name)) &&
    names.every((name) => detailNames.test(name))
  );
}

/** The texts in a value, one after the other; a code before its message. */
function textsIn(value: unknown): string {
  if (typeof value === 'string' || typeof value === 'number') return String(value);
  if (typeof value !== 'object' || value === null) return '';
  const texts = Object.entries(value).map(([, member]) => textsIn(member));
  return texts.filter((text) => text !== '').join(Array.isArray(value) ? '; ' : ': ');
}

/** Names of roots, as services of Amazon answer. */
const errorRoots = /^(?:errors?|error_?response|error_?details?|error_?list|fault|exception)$/i;

function xmlMessage(head: string): string | undefined {
  const root = rootElement(head.trimStart()) ?? '';
  const isFault = /^envelope$/i.test(root) && /<(?:\w+:)?Fault[\s>]/.test(head);
  return errorRoots.test(root) || isFault ? textOfMarkup(head) : undefined;
}

/** What a page or an element says, without its markup. */
function textOfMarkup(markup: string): string {
  const text = markup
    .replace(/<!--[\s\S]*?-->|<(script|style)\b[\s\S]*?<\/\1\s*>/gi, ' ')
    .replace(/<!\[CDATA\[([\s\S]*?)\]\]>/g, '$1')
    .replace(/<[^>]*>/g, ' ')
    .replace(/&(amp|lt|gt|quot|apos|nbsp|#39);/g, (_, name: string) => entities[name] ?? ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return text === '' ? markup : text;
}

const entities: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'", '#39': "'" };
