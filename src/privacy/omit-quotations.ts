import type { Findings } from '../schema/findings.js';

/** Stands for a value of a document that may be personal data. */
const omitted = '"…"';

/**
 * Returns findings without the values that they quote. By convention, a message puts values of the
 * document in double quotes, as JSON does. A value may be in the wrong column, so every quotation
 * is omitted, except of names: headers, columns and tables. The rest of such a message may have the
 * same value in other words, so its dates and longer numbers are omitted too.
 */
export function omitQuotations<Found extends Findings>(found: Found, names: ReadonlySet<string>): Found {
  return {
    ...found,
    warnings: found.warnings?.map((each) => ({ ...each, message: withoutValues(each.message, names) })),
    decisions: found.decisions?.map((each) => ({ ...each, reason: withoutValues(each.reason, names) })),
  };
}

/** The same for one text. */
export function withoutValues(text: string, names: ReadonlySet<string> = new Set()): string {
  const parts = text.split(quotation);
  const isValue = (part: string, index: number) => index % 2 === 1 && !names.has(unquoted(part));
  if (!parts.some(isValue)) return text;
  return parts
    .map((part, index) => {
      if (index % 2 === 1) return isValue(part, index) ? omitted : part;
      return part.replace(figure, '…');
    })
    .join('');
}

const quotation = /("(?:[^"\\]|\\.)*"|“[^”]*”)/s;

/** A date, a time, a number of several parts, or one of three digits or more. */
const figure = /(?<!\w)(?:\d+(?:[-.,:/]\d+)+|\d{3,})/g;

function unquoted(text: string): string {
  try {
    return JSON.parse(text) as string;
  } catch {
    return text.slice(1, -1);
  }
}
