/**
 * @typedef {object} Names what can be completed
 * @property {string[]} relations tables and views
 * @property {Map<string, string[]>} columns of those relations whose columns are known
 *
 * @typedef {object} Completion
 * @property {number} from where the word before the caret begins
 * @property {string[]} names that may replace it, the best first
 */

const maxNames = 8;
/** Shorter words match too much. */
const minLength = 2;

/**
 * Suggests names for the word before the caret: tables and views after FROM and JOIN, the columns
 * of a table after its name or alias and a dot, elsewhere the columns of the tables of the query,
 * then tables. Returns none inside of a text or a comment.
 *
 * @param {string} sql
 * @param {number} caret
 * @param {Names} names
 * @param {{ isAsked?: boolean }} [options] whether the user wants suggestions for a short word too
 * @returns {Completion}
 */
export function complete(sql, caret, { relations, columns }, { isAsked = false } = {}) {
  const before = sql.slice(0, caret);
  const [, qualifier, word = ''] = /(?:([A-Za-z_]\w*)\.)?([A-Za-z_]\w*)?$/.exec(before) ?? [];
  const from = caret - word.length;
  const isWanted = isAsked || qualifier !== undefined || word.length >= minLength;
  if (!isWanted || isInText(before)) return { from, names: [] };
  const used = usedRelations(sql, relations);
  const columnsOf = (/** @type {string} */ relation) => columns.get(relation) ?? [];
  if (qualifier !== undefined) {
    const owner = used.find(({ alias }) => alias.toLowerCase() === qualifier.toLowerCase());
    return { from, names: matching(word, owner ? columnsOf(owner.relation) : []) };
  }
  const isRelation = /\b(FROM|JOIN)\s+$/i.test(before.slice(0, from));
  const ofQuery = isRelation ? [] : used.flatMap(({ relation }) => columnsOf(relation));
  return { from, names: matching(word, [...ofQuery, ...relations]) };
}

/**
 * The tables and views that a query names, with the names that it calls them by.
 *
 * @param {string} sql
 * @param {string[]} relations
 */
export function usedRelations(sql, relations) {
  const known = new Map(relations.map((name) => [name.toLowerCase(), name]));
  const found = sql.matchAll(/\b(?:FROM|JOIN|,)\s+["`]?(\w+)["`]?(?:\s+(?:AS\s+)?([A-Za-z_]\w*))?/gi);
  return [...found].flatMap(([, name = '', alias]) => {
    const relation = known.get(name.toLowerCase());
    if (relation === undefined) return [];
    const isAlias = alias !== undefined && !clauses.has(alias.toUpperCase());
    return [{ relation, alias: relation }, ...(isAlias ? [{ relation, alias }] : [])];
  });
}

/** Words that follow a table and are no alias of it. */
const clauses = new Set(
  'WHERE GROUP ORDER LIMIT JOIN LEFT RIGHT FULL INNER CROSS ON USING UNION EXCEPT INTERSECT HAVING WINDOW QUALIFY OFFSET'.split(
    ' ',
  ),
);

/**
 * Names that begin with the word come first, then those in which a later part begins with it.
 *
 * @param {string} word
 * @param {string[]} names
 */
function matching(word, names) {
  const wanted = word.toLowerCase();
  const lower = (/** @type {string} */ name) => name.toLowerCase();
  const unique = [...new Set(names)];
  const first = unique.filter((name) => lower(name).startsWith(wanted));
  const later = unique.filter((name) => !first.includes(name) && lower(name).includes(`_${wanted}`));
  const found = [...first, ...later].slice(0, maxNames);
  // Nothing is left to complete.
  return found.length === 1 && lower(found[0] ?? '') === wanted ? [] : found;
}

/**
 * Whether the end of an SQL text is within a text literal, a quoted name or a comment.
 *
 * @param {string} sql
 */
function isInText(sql) {
  const rest = sql.replace(/'[^']*'|"[^"]*"|`[^`]*`|--[^\n]*\n|\/\*[\s\S]*?\*\//g, ' ');
  return /['"`]|--|\/\*/.test(rest);
}

/**
 * A name as SQL needs it: quoted if it has other characters than a plain name, or is a reserved
 * word.
 *
 * @param {string} name
 * @param {string} quote the character that the warehouse quotes names with
 */
export function quoteName(name, quote) {
  const isPlain = /^[A-Za-z_]\w*$/.test(name) && !reserved.has(name.toUpperCase());
  return isPlain ? name : `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
}

/** Words that DuckDB, BigQuery or PostgreSQL do not take as the name of a column. */
const reserved = new Set(
  'ALL AND ANY ARRAY AS ASC BETWEEN BY CASE CAST CHECK COLLATE COLUMN CREATE CROSS CURRENT_DATE DEFAULT DESC DISTINCT ELSE END EXCEPT EXISTS FALSE FETCH FOR FROM FULL GROUP GROUPING HASH HAVING IF IN INNER INTERSECT INTERVAL INTO IS JOIN LATERAL LEFT LIKE LIMIT MERGE NATURAL NEW NO NOT NULL OF OFFSET ON OR ORDER OUTER OVER PARTITION PRIMARY RANGE REFERENCES RIGHT ROWS SELECT SET SOME TABLE THEN TO TRUE UNION UNIQUE UNNEST USER USING WHEN WHERE WINDOW WITH'.split(
    ' ',
  ),
);
