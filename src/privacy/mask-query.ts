import { ReportsError } from '../errors/reports-error.js';

/** A table or view with personal data. */
export interface MaskedRelation {
  name: string;
  /** Its other columns, in order. */
  columns: string[];
  hidden: string[];
}

/**
 * Rewrites a query so that it can read no personal data: each relation that it names is replaced,
 * under the same name, by a query of its other columns. The rules below work on text, because each
 * warehouse has its own dialect, so they refuse more than they must.
 * Errors: QUERY_FAILED for a statement that is no plain query, or that may reach a column in
 * another way: by a qualified table name, or by a function that runs or reads what a text names.
 */
export function maskQuery(
  sql: string,
  masked: readonly MaskedRelation[],
  identifier: (name: string) => string,
): string {
  const [, word = ''] = firstWord.exec(sql) ?? [];
  if (!queryWords.has(word.toUpperCase()))
    refuse(`it begins with "${word}"`, 'begin with SELECT, WITH, FROM, VALUES or a parenthesis');
  refuseDetours(sql);
  const named = masked.filter(({ name }) => namePattern(name).test(sql));
  for (const { name } of named) {
    if (qualifiedPattern(name).test(sql)) refuse(`it names ${name} after a dot`, `write ${name} alone`);
  }
  if (named.length === 0) return sql;
  const shadows = named.map(({ name, columns }) => {
    const shown = columns.length > 0 ? columns.map(identifier).join(', ') : 'NULL AS nothing';
    return `${identifier(name)} AS (SELECT ${shown} FROM ${identifier(name)})`;
  });
  const list = shadows.join(', ');
  const query = sql.replace(/;[\s;]*$/, '');
  const [before = '', own = '', recursive] = firstWord.exec(query) ?? [];
  const rest = query.slice(before.length);
  if (own.toUpperCase() !== 'WITH') return `WITH ${list} ${query}`;
  // A recursive WITH would take the same name within a replacement for the replacement itself.
  return recursive ? `WITH ${list} SELECT * FROM (\n${query}\n) AS answer` : `WITH ${list}, ${rest}`;
}

const firstWord = /^(?:\s|(?:--|#)[^\r\n]*[\r\n]|\/\*[\s\S]*?\*\/)*(\w+|\()?(\s+RECURSIVE\b)?/i;
/** Blanks, quotes and comments, of any warehouse, between the parts of a name or of a call. */
const between = '(?:[\\s"\'`\\[\\]]|(?:--|#)[^\\r\\n]*[\\r\\n]|/\\*[\\s\\S]*?\\*/)*';

const queryWords = new Set(['SELECT', 'WITH', 'FROM', 'VALUES', '(']);

/**
 * Functions that run a text as a query or read a table that a text names, what a warehouse shows of
 * values and of the queries of others, and names that are spelled in another way than they read.
 */
const detours = [
  // DuckDB. Its storage shows the smallest and largest values.
  /\b(?:query_table|histogram_values|pragma_storage_info|duckdb_table_sample|PIVOT|SUMMARIZE)\b/i,
  new RegExp(`\\b(?:query|histogram)${between}\\(`, 'i'),
  // PostgreSQL: functions that run a text, of XML, other databases, statistics.
  /\b(?:query|table|cursor|schema|database)_to_xml\w*/i,
  /\b(?:dblink\w*|ts_stat|ts_rewrite|crosstab\w*|connectby|xpath_table)\b/i,
  /\bpg_(?:stats\w*|statistic\w*|stat_activity|stat_get_\w+|stat_statements\w*|prepared_statements|cursors)\b/i,
  /\bU&\s*["']/i,
  // BigQuery: other databases, jobs, tables by pattern, escapes within a name.
  /\bEXTERNAL_QUERY\b/i,
  new RegExp(`\\bINFORMATION_SCHEMA${between}\\.${between}JOBS\\w*`, 'i'),
  /`[^`]*[*\\][^`]*`/,
  // A second statement.
  /;(?=[\s\S]*[^\s;])/,
];

function refuseDetours(sql: string): void {
  for (const detour of detours) {
    const found = detour.exec(sql)?.[0];
    if (found !== undefined) refuse(`"${found}" may show personal data`, 'write a query without it');
  }
}

/** The name as a word, quoted or not, and also within texts and comments. */
function namePattern(name: string): RegExp {
  return new RegExp(`(?<![\\p{L}\\p{N}_])${escaped(name)}(?![\\p{L}\\p{N}_])`, 'iu');
}

/** The name after a dot, with quotes, blanks and comments between them. */
function qualifiedPattern(name: string): RegExp {
  return new RegExp(`\\.${between}${escaped(name)}(?![\\p{L}\\p{N}_])`, 'iu');
}

function escaped(name: string): string {
  return name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

function refuse(found: string, hint: string): never {
  throw new ReportsError('QUERY_FAILED', {
    found: `personal data is hidden here, and ${found}`,
    hint: `${hint}.`,
  });
}
