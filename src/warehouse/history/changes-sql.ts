import { epochMicros } from '../ledger/rank-documents.js';
import { type CellKind, comingTable, contentOf, type HistoryDialect } from './history-dialect.js';
import { type HistoryTable, ownColumns } from './history-tables.js';
import { type HistoryDocument, isoOf } from './history-documents.js';
import type { ChangeWindow } from './plan-changes.js';

/**
 * The statements that bring a history by changes up to date with one round of windows. The rows of
 * the documents that come are in `comingTable`.
 */
export function changeStatements(
  history: HistoryTable,
  windows: ChangeWindow[],
  dialect: HistoryDialect,
): string[] {
  const sql: Round = { history, dialect, windows };
  return [
    dialect.createTemporary(names.events, eventsQuery(sql)),
    dialect.createTemporary(names.before, beforeQuery(sql)),
    dialect.createTemporary(names.after, afterQuery(sql)),
    dialect.createTemporary(names.changed, changedQuery(sql)),
    dialect.createTemporary(names.made, madeQuery(sql)),
    deleteStatement(sql),
    insertStatement(sql),
  ];
}

/** The temporary tables of a round. */
export const names = {
  /** The documents of the windows. */
  events: '_history_events',
  /** The rows of the history that documents of the windows have. */
  before: '_history_before',
  /** Those rows as they must be. */
  after: '_history_after',
  /** The rows of which there must be more or fewer. */
  changed: '_history_changed',
  /** The rows to insert, with all columns. */
  made: '_history_made',
} as const;

interface Round {
  history: HistoryTable;
  dialect: HistoryDialect;
  windows: ChangeWindow[];
}

/** The place of a document that is not in a window, and comes after it. */
const beyond = 1_000_000_000;

/** The end of a current row, as a time. */
const never = '9999-12-31T00:00:00Z';

const eventColumns: Record<string, CellKind> = {
  seller: 'text',
  markets: 'text',
  doc: 'text',
  own: 'number',
  was: 'number',
  idx: 'number',
  coming: 'number',
  is_first: 'number',
  is_last: 'number',
  starts: 'time',
  report: 'text',
  data_start: 'time',
  data_end: 'time',
  loaded: 'time',
  next_doc: 'text',
  next_at: 'time',
};

function eventsQuery({ dialect, windows }: Round): string {
  const { literal, types } = dialect;
  const text = (value: string | null | undefined) =>
    value === null || value === undefined ? `CAST(NULL AS ${types.text})` : literal(value);
  const number = (value: number | boolean | null) =>
    value === null ? `CAST(NULL AS ${types.number})` : String(Number(value));
  const time = (iso: string | null | undefined) =>
    iso === null || iso === undefined ? `CAST(NULL AS ${types.time})` : dialect.time(isoOf(epochMicros(iso)));
  const at = (document: HistoryDocument | null) => time(document && isoOf(document.micros));
  const rows = windows.flatMap(({ seller, marketplaces, events }) =>
    events.map((event) => {
      const { entry } = event.document;
      return [
        text(seller ?? ''),
        text(marketplaces.join()),
        text(entry.documentId),
        number(event.isOwn),
        number(event.was),
        number(event.now),
        number(event.isComing),
        number(event.isFirst),
        number(event.isLast),
        at(event.document),
        text(entry.reportId),
        time(entry.dataStart),
        time(entry.dataEnd),
        time(entry.loadedAt),
        text(event.next?.entry.documentId),
        at(event.next),
      ];
    }),
  );
  return `SELECT * FROM ${dialect.rows(eventColumns, rows, 'e')}`;
}

/** Which rows of the history, as `h`, windows may concern: what keeps others from being read. */
function concerned({ dialect, windows }: Round): string {
  const times = windows.flatMap(({ events }) => events.map(({ document }) => isoOf(document.micros))).sort();
  const [since, until] = [times[0] ?? '', times.at(-1) ?? ''].map((each) => dialect.time(each));
  const sellers = [...new Set(windows.map(({ seller }) => seller))];
  const known = sellers.flatMap((seller) => (seller === null ? [] : dialect.literal(seller)));
  const ofSellers = sellers.includes(null) ? '' : `h._seller_id IN (${known.join(', ')}) AND `;
  return `${ofSellers}h.valid_from <= ${until} AND (h.valid_to IS NULL OR h.valid_to >= ${since})`;
}

/** What identifies rows of the history, as `h`; several may be equal. */
function identity({ dialect, history }: Round): Record<(typeof identityNames)[number], string> {
  return {
    seller: "COALESCE(h._seller_id, '')",
    markets: dialect.joined('h._marketplace_ids'),
    content: contentOf(dialect, ownColumns(history), 'h'),
    first_doc: 'h._document_id',
    end_doc: "COALESCE(h._ended_by, '')",
    starts: 'h.valid_from',
    ends: `COALESCE(h.valid_to, ${dialect.time(never)})`,
  };
}

const identityNames = ['seller', 'markets', 'content', 'first_doc', 'end_doc', 'starts', 'ends'] as const;

function beforeQuery(round: Round): string {
  const { dialect, history } = round;
  const own = Object.entries(identity(round)).map(([name, value]) => `${value} AS ${name}`);
  const events = dialect.temporary(names.events);
  // A document may have two places, one before and one after the commit.
  const placeOf = (alias: string, document: string) =>
    `LEFT JOIN ${events} AS ${alias} ON ${alias}.seller = h.seller AND ${alias}.markets = h.markets
       AND ${alias}.doc = h.${document} AND ${alias}.was IS NOT NULL`;
  return `SELECT h.*, COALESCE(f.was, -1) AS slot_from, COALESCE(t.was, ${beyond}) AS slot_to
    FROM (
      SELECT ${own.join(', ')}, h._report_id AS report, h._data_start AS data_start, h._data_end AS data_end,
        h._loaded_at AS loaded
      FROM ${dialect.table(history.relation.name)} AS h WHERE ${concerned(round)}
    ) AS h
    JOIN (
      SELECT seller, markets, MIN(starts) AS since_at, MAX(starts) AS until_at,
        MIN(CASE WHEN own = 1 THEN was END) AS first_was, MAX(CASE WHEN own = 1 THEN was END) AS last_was
      FROM ${events} GROUP BY seller, markets
    ) AS w ON w.seller = h.seller AND w.markets = h.markets AND h.starts <= w.until_at AND h.ends >= w.since_at
    ${placeOf('f', 'first_doc')}
    ${placeOf('t', 'end_doc')}
    WHERE COALESCE(f.was, -1) <= w.last_was AND COALESCE(t.was, ${beyond}) > w.first_was`;
}

/**
 * Takes the rows of the history apart into those of each document, adds those of the documents that
 * come, and joins the rows that neighbors have. Of equal rows of a document, those that began first
 * are joined first, and end last.
 */
function afterQuery(round: Round): string {
  const { dialect, history } = round;
  const { types } = dialect;
  const events = dialect.temporary(names.events);
  const none = (kind: CellKind) => `CAST(NULL AS ${types[kind]})`;
  const left = {
    doc: 'first_doc',
    starts: 'starts',
    report: 'report',
    data_start: 'data_start',
    data_end: 'data_end',
    loaded: 'loaded',
  };
  const lefts = Object.entries(left);
  const lefted = 'e.is_first = 1 AND b.slot_from = -1';
  const righted = `e.is_last = 1 AND b.slot_to = ${beyond}`;
  const kindOf = (name: string): CellKind => (name === 'doc' || name === 'report' ? 'text' : 'time');
  const startOf = (name: string) => `CASE WHEN i.left_doc IS NULL THEN a.${name} ELSE i.left_${name} END`;
  const event = (alias: string, place: string) =>
    `JOIN ${events} AS ${alias} ON ${alias}.seller = i.seller AND ${alias}.markets = i.markets
       AND ${alias}.own = 1 AND ${alias}.idx = i.${place}`;
  return `WITH members AS (
      SELECT b.seller, b.markets, b.content, e.idx, b.slot_from, b.starts, b.slot_to, b.ends,
        ${lefts.map(([name, column]) => `CASE WHEN ${lefted} THEN b.${column} END AS left_${name}`).join(', ')},
        CASE WHEN ${righted} THEN 1 ELSE 0 END AS right_open,
        CASE WHEN ${righted} THEN b.end_doc END AS right_doc, CASE WHEN ${righted} THEN b.ends END AS right_ends
      FROM ${dialect.temporary(names.before)} AS b
      JOIN ${events} AS e ON e.seller = b.seller AND e.markets = b.markets AND e.own = 1 AND e.coming = 0
        AND e.idx IS NOT NULL AND e.was >= b.slot_from AND e.was < b.slot_to
      UNION ALL
      SELECT e.seller, e.markets, c.content, e.idx, 0, ${none('time')}, 0, ${none('time')},
        ${lefts.map(([name]) => none(kindOf(name))).join(', ')}, 0, ${none('text')}, ${none('time')}
      FROM (
        SELECT COALESCE(c._seller_id, '') AS seller, c._document_id AS doc,
          ${contentOf(dialect, ownColumns(history), 'c')} AS content
        FROM ${dialect.temporary(comingTable)} AS c
      ) AS c
      JOIN ${events} AS e ON e.seller = c.seller AND e.doc = c.doc AND e.coming = 1 AND e.idx IS NOT NULL
    ), numbered AS (
      SELECT members.*, ROW_NUMBER() OVER (
        PARTITION BY seller, markets, content, idx ORDER BY slot_from, starts, slot_to DESC, ends DESC) AS copy
      FROM members
    ), stretches AS (
      SELECT numbered.*,
        idx - ROW_NUMBER() OVER (PARTITION BY seller, markets, content, copy ORDER BY idx) AS stretch
      FROM numbered
    ), joined AS (
      SELECT seller, markets, content, copy, MIN(idx) AS first_idx, MAX(idx) AS last_idx,
        ${lefts.map(([name]) => `MIN(left_${name}) AS left_${name}`).join(', ')},
        MAX(right_open) AS right_open, MAX(right_doc) AS right_doc, MAX(right_ends) AS right_ends
      FROM stretches GROUP BY seller, markets, content, copy, stretch
    )
    SELECT i.seller, i.markets, i.content, ${startOf('doc')} AS first_doc,
      CASE WHEN i.right_open = 1 THEN i.right_doc ELSE COALESCE(z.next_doc, '') END AS end_doc,
      ${startOf('starts')} AS starts,
      CASE WHEN i.right_open = 1 THEN i.right_ends ELSE COALESCE(z.next_at, ${dialect.time(never)}) END AS ends,
      ${['report', 'data_start', 'data_end', 'loaded'].map((name) => `${startOf(name)} AS ${name}`).join(', ')}
    FROM joined AS i
    ${event('a', 'first_idx')}
    ${event('z', 'last_idx')}`;
}

function changedQuery({ dialect }: Round): string {
  const list = identityNames.join(', ');
  return `SELECT ${list} FROM (
      SELECT ${list}, 1 AS was_there, 0 AS is_there FROM ${dialect.temporary(names.before)}
      UNION ALL
      SELECT ${list}, 0, 1 FROM ${dialect.temporary(names.after)}
    ) AS both_sides
    GROUP BY ${list} HAVING SUM(was_there) <> SUM(is_there)`;
}

/** Equal rows have the same values in all columns of their own: one of them stands for all. */
function madeQuery(round: Round): string {
  const { dialect, history } = round;
  const columns = ownColumns(history);
  const changed = dialect.temporary(names.changed);
  const list = (alias: string) => columns.map(({ name }) => `${alias}.${dialect.identifier(name)}`);
  const select = (alias: string) =>
    [`${contentOf(dialect, columns, alias)} AS __content`, ...list(alias)].join(', ');
  const same = identityNames.map((name) => `d.${name} = a.${name}`).join(' AND ');
  return `SELECT ${['a.seller AS __seller', 'a.markets AS __markets', 'a.first_doc AS __first_doc', 'a.end_doc AS __end_doc', 'a.starts AS __starts', 'a.ends AS __ends', 'a.report AS __report', 'a.data_start AS __data_start', 'a.data_end AS __data_end', 'a.loaded AS __loaded', ...list('r')].join(', ')}
    FROM ${dialect.temporary(names.after)} AS a
    JOIN ${changed} AS d ON ${same}
    JOIN (
      SELECT x.*, ROW_NUMBER() OVER (PARTITION BY __content ORDER BY __content) AS __copy
      FROM (
        SELECT ${select('c')} FROM ${dialect.temporary(comingTable)} AS c
        UNION ALL
        SELECT ${select('h')} FROM ${dialect.table(history.relation.name)} AS h WHERE ${concerned(round)}
      ) AS x
      WHERE __content IN (SELECT content FROM ${changed})
    ) AS r ON r.__content = a.content AND r.__copy = 1`;
}

function deleteStatement(round: Round): string {
  const { dialect, history } = round;
  const same = Object.entries(identity(round)).map(([name, value]) => `d.${name} = ${value}`);
  // With its columns named: the BigQuery emulator of the tests takes `h` for one of them otherwise.
  const changed = `SELECT ${identityNames.join(', ')} FROM ${dialect.temporary(names.changed)}`;
  return `DELETE FROM ${dialect.table(history.relation.name)} AS h WHERE ${concerned(round)}
    AND EXISTS (SELECT 1 FROM (${changed}) AS d WHERE ${same.join(' AND ')})`;
}

function insertStatement({ dialect, history }: Round): string {
  const { types } = dialect;
  const own = ownColumns(history).map(({ name }) => dialect.identifier(name));
  const values: [string, string][] = [
    ...own.map((name): [string, string] => [name, `n.${name}`]),
    ['valid_from', 'n.__starts'],
    ['valid_to', `CASE WHEN n.__ends = ${dialect.time(never)} THEN NULL ELSE n.__ends END`],
    ['_ended_by', "NULLIF(n.__end_doc, '')"],
    ['_report_id', 'n.__report'],
    ['_document_id', 'n.__first_doc'],
    ['_seller_id', "NULLIF(n.__seller, '')"],
    ['_marketplace_ids', dialect.split('n.__markets')],
    ['_data_start', 'n.__data_start'],
    ['_data_end', 'n.__data_end'],
    ['_row', `CAST(NULL AS ${types.number})`],
    ['_loaded_at', 'n.__loaded'],
  ];
  return `INSERT INTO ${dialect.table(history.relation.name)} (${values.map(([name]) => name).join(', ')})
    SELECT ${values.map(([, value]) => value).join(', ')} FROM ${dialect.temporary(names.made)} AS n`;
}
