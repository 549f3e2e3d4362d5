import { checkText } from '../../schema/document-checks.js';
import { marketplaces } from '../../schema/marketplaces.js';
import { listNames } from '../../text/list-names.js';
import { pluralize } from '../../text/pluralize.js';
import type { Explanation, Neighbour } from '../../warehouse/ledger/explain-document.js';
import type { RejectGroup } from '../../warehouse/types.js';
import { textTable } from './text-table.js';
import { visible, wrapText } from './visible-text.js';

/** Returns all that is known about a document as text for people, at most `width` columns wide. */
export function explanationText(document: Explanation, width: number | undefined): string {
  const paragraph = (text: string, indent = '  ') => wrapText(visible(text), width, indent);
  const parts = [`${visible(document.documentId ?? nameOf(document))}\n`, facts(document, width)];
  const add = (title: string, ...texts: string[]) => {
    if (texts.length > 0) parts.push(`\n${title}\n`, ...texts);
  };
  if (document.reason !== null) {
    const remedy = document.remedy ? [paragraph(`What to do: ${document.remedy}`)] : [];
    add(`Why it was not loaded: ${document.reasonCode ?? ''}`, paragraph(document.reason), ...remedy);
  }
  add(
    'Warnings',
    ...document.warnings.flatMap(({ code, message, remedy }) => [
      `  ${code}\n`,
      paragraph(message, '    '),
      ...(remedy ? [paragraph(`What to do: ${remedy}`, '    ')] : []),
    ]),
  );
  add('Rows', ...rowsTexts(document, width), ...neighbourTexts(document).map((text) => paragraph(text)));
  add(
    'Decisions',
    ...document.decisions.map(({ subject, value, reason }) =>
      paragraph(`${subject.replaceAll('_', ' ')}: ${value} (${reason})`),
    ),
  );
  add(
    'Columns unlike those of the schema or the table',
    ...driftTexts(document).map((text) => paragraph(text)),
  );
  add(
    'Totals that the document states',
    ...document.checks.map((check) => paragraph(`${check.ok ? 'right' : 'DIFFERENT'}: ${checkText(check)}`)),
  );
  add('Notes', ...document.notes.map((note) => paragraph(note)));
  if (document.rejectGroups.length > 0) {
    add(`Rejects: ${pluralize(document.rejects, 'value')}`, ...rejectTexts());
  }
  return parts.join('');

  function rejectTexts(): string[] {
    const shown = document.rejectGroups.slice(0, maxRejectGroups);
    const more = document.rejectGroups.length - shown.length;
    return [
      ...shown.map((group) => paragraph(rejectText(group))),
      ...(more > 0 ? [`  … and ${pluralize(more, 'more kind')}\n`] : []),
      '  All of them:\n',
      // In one piece, to be copied.
      `    sp-reports query "${rejectsSql(document)}"\n`,
    ];
  }
}

const maxRejectGroups = 20;
const maxNames = 12;

function nameOf({ reportId, key }: Explanation): string {
  return reportId ? `report ${reportId}` : key;
}

function facts(document: Explanation, width: number | undefined): string {
  const { status, reportType, sellerId, marketplaceIds, reportId, pipeline, rawPath } = document;
  const { dataStart, dataEnd, reportCreatedAt, loadedAt, charset, engine } = document;
  const countries = marketplaceIds.map((id) => {
    const country = marketplaces[id]?.country;
    return country ? `${id} (${country})` : id;
  });
  const warned =
    document.warnings.length > 0 ? `, with ${pluralize(document.warnings.length, 'warning')}` : '';
  const values: [string, string | null][] = [
    ['status', `${status}${warned}`],
    ['report type', reportType],
    ['seller', sellerId],
    ['marketplaces', countries.join(', ') || 'not known'],
    ['report', reportId],
    ['data from', dataStart && clock(dataStart)],
    ['data until', dataEnd && clock(dataEnd)],
    ['made', reportCreatedAt ? clock(reportCreatedAt) : 'not known'],
    ['loaded', `${clock(loadedAt)}, ${pipeline === null ? 'from a file' : `by the pipeline ${pipeline}`}`],
    ['raw', rawPath === null ? 'not kept' : `${rawPath}${sizes(document)}`],
    [
      'read as',
      [charset, ...dialectTexts(document), engine && `${engine} engine`].filter(Boolean).join(', '),
    ],
  ];
  const nameWidth = Math.max(...values.map(([name]) => name.length)) + 4;
  return values
    .filter(([, value]) => value)
    .map(([name, value]) => {
      const indent = ' '.repeat(nameWidth);
      const text = wrapText(visible(value ?? ''), width, indent);
      return `  ${name.padEnd(nameWidth - 2)}${text.slice(nameWidth)}`;
    })
    .join('');
}

function sizes({ rawBytes, textBytes }: Explanation): string {
  const sizeTexts = [
    rawBytes === null ? '' : `, ${pluralize(rawBytes, 'byte')}`,
    textBytes === null || textBytes === rawBytes ? '' : `, unpacked ${pluralize(textBytes, 'byte')}`,
  ];
  return sizeTexts.join('');
}

/** The dialect of a document from before decisions were recorded, which say the same and why. */
function dialectTexts({ dialect, decisions }: Explanation): string[] {
  if (decisions.length > 0) return [];
  return Object.entries(dialect ?? {}).flatMap(([name, value]) =>
    value === undefined || value === null || value === 0 ? [] : `${spaced(name)} ${JSON.stringify(value)}`,
  );
}

function spaced(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
}

/** `2026-10-01 06:00:00 UTC`. */
function clock(iso: string): string {
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC`;
}

function rowsTexts({ tables }: Explanation, width: number | undefined): string[] {
  if (tables.length === 0) return [];
  const lines = tables.map(({ name, rows, rejects = 0, superseded = 0, rowsNow }) => [
    name,
    rows,
    rejects,
    superseded,
    rowsNow ?? 'no table',
  ]);
  const table = textTable(['table', 'in the document', 'rejects', 'left out', 'there now'], lines, {
    width: width && width - 2,
  });
  return [table.replace(/^(?=.)/gm, '  ')];
}

/** What a document followed, and what may have taken its rows away. */
function neighbourTexts({ tables, before, after }: Explanation): string[] {
  const texts: string[] = [];
  const leftOut = tables.reduce((sum, { superseded = 0 }) => sum + superseded, 0);
  if (leftOut > 0) {
    texts.push(
      `${pluralize(leftOut, 'row')} left out as it was loaded: a newer report already had ${leftOut === 1 ? 'it' : 'them'}.`,
    );
  }
  const gone = tables.reduce((sum, { rows, superseded = 0, rowsNow }) => {
    return sum + Math.max(0, rows - superseded - (rowsNow ?? 0));
  }, 0);
  if (gone > 0) {
    const next = after.length > 0 ? ' Newer documents:' : ' No newer document is in the ledger.';
    texts.push(`${pluralize(gone, 'row')} replaced or removed since.${next}`);
  }
  if (gone > 0 || leftOut > 0) texts.push(...after.map((each) => `after it: ${neighbourText(each)}`));
  if (before) texts.push(`before it: ${neighbourText(before)}`);
  return texts;
}

function neighbourText({ documentId, reportCreatedAt, loadedAt, tables }: Neighbour): string {
  const rows = tables.map(({ name, rows: count }) => `${pluralize(count, 'row')} of ${name}`).join(', ');
  const when = reportCreatedAt ? `made ${clock(reportCreatedAt)}` : `loaded ${clock(loadedAt)}`;
  return `${documentId ?? ''}, ${when}, ${rows}`;
}

function driftTexts({ tables }: Explanation): string[] {
  return tables.flatMap(({ name, added = [], missing = [], widened = [] }) => [
    ...added.map((column) => `${name}: new column ${column.name}, header "${column.header}"`),
    ...(missing.length > 0 ? [`${name}: not in the document: ${firstOf(missing)}`] : []),
    ...widened.map(({ name: column, from, to }) => `${name}: ${column} widened from ${from} to ${to}`),
  ]);
}

function firstOf(names: string[]): string {
  return listNames(names, maxNames) + (names.length > maxNames ? ', which --json lists' : '');
}

function rejectText({ table, column, reason, values, firstRow, examples }: RejectGroup): string {
  const what = column === null ? pluralize(values, 'whole row') : pluralize(values, 'value');
  const of = column === null ? table : `${table}.${column}`;
  const shown = examples.filter((text) => text !== '').map((text) => JSON.stringify(text));
  const such = shown.length > 0 ? `, such as ${shown.join(' and ')}` : '';
  return `${what} of ${of}: ${reason}; first in row ${firstRow}${such}`;
}

function rejectsSql({ documentId, sellerId }: Explanation): string {
  const literal = (text: string) => `'${text.replaceAll("'", "''")}'`;
  const seller = sellerId === null ? '' : ` AND seller_id = ${literal(sellerId)}`;
  return `SELECT * FROM _rejects WHERE document_id = ${literal(documentId ?? '')}${seller} ORDER BY row_number`;
}
