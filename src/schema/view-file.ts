import type { YamlProblem } from '../yaml/read-yaml.js';

/** The contents of a view file, before its tables are looked up. */
export interface ViewFile {
  /** The file name without `.sql`. */
  name: string;
  description: string;
  /** What the view leaves out, and what its figures are based on; empty if not stated. */
  caveats: string;
  /**
   * Names of tables and views in groups: at least one of each group must exist, except in a group
   * of one that is optional.
   */
  tables: { name: string; isOptional: boolean }[][];
  /** Empty if not listed. */
  columns: { name: string; description: string }[];
  /** The SELECT, without a semicolon at its end. */
  sql: string;
  /** Line of the file on which `sql` begins, from 1. */
  sqlLine: number;
}

/**
 * Reads the text of a view: a comment that says what it answers, with `Tables:` and optionally
 * `Columns:` and `Caveats:`, then one SELECT. The result is absent if there are problems.
 */
export function readViewText(
  name: string,
  text: string,
  file: string,
): { view?: ViewFile; problems: YamlProblem[] } {
  const problems: YamlProblem[] = [];
  const problem = (line: number, message: string) =>
    void problems.push({ file, line, column: 1, path: '', message });
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    problem(1, `expected a file name of a-z, 0-9 and _, such as my_view.sql, found "${name}.sql"`);
  }
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const end = lines.findIndex((line) => line.trim() !== '' && !line.startsWith('--'));
  const header = readHeader(lines.slice(0, end === -1 ? lines.length : end));
  if (!header.description) problem(1, 'expected a comment above the SELECT that says what the view answers');
  const tables = readTables(header.tables);
  if (!tables) {
    const found = header.tables ? `"${header.tables}"` : 'none';
    problem(
      1,
      `expected a line such as "-- Tables: ledger_detail, reimbursements" (all of them), "-- Tables: settlement_v2 | settlement_v1" (one at least) or "-- Tables: listings, product_costs?" (the second if it exists), found ${found}`,
    );
  }
  const body = end === -1 ? '' : lines.slice(end).join('\n');
  const mistake = statementMistake(body);
  if (mistake) problem(Math.max(end, 0) + 1, mistake);
  if (problems.length > 0 || !tables) return { problems };
  const { description, caveats, columns } = header;
  const sql = body.slice(0, statementEnd(body));
  return { view: { name, description, caveats, tables, columns, sql, sqlLine: end + 1 }, problems };
}

/**
 * Reads the parts of the comment. A line indented deeper than the first line of its part continues
 * it.
 */
function readHeader(lines: string[]) {
  const texts = { description: '', tables: '', caveats: '' };
  const columns: ViewFile['columns'] = [];
  type Part = keyof typeof texts | 'columns';
  let part = 'description' as Part;
  for (const line of lines.map((each) => each.replace(/^-- ?/, ''))) {
    const [, key = '', rest = ''] = /^(Tables|Columns|Caveats):\s*(.*)$/.exec(line) ?? [];
    if (key) part = key.toLowerCase() as Part;
    const content = (key ? rest : line).trim();
    if (content === '') continue;
    const [, column = '', text = ''] = /^ {1,3}(\w+):\s+(.*)$/.exec(line) ?? [];
    const last = columns.at(-1);
    if (part !== 'columns') texts[part] = `${texts[part]} ${content}`.trim();
    else if (column) columns.push({ name: column, description: text.trim() });
    else if (last) last.description = `${last.description} ${content}`;
  }
  return { ...texts, columns };
}

/**
 * Reads a list of tables: `a | b, c, d?` means a or b, and c, and d if it exists. Undefined if the
 * text is something else.
 */
function readTables(text: string): ViewFile['tables'] | undefined {
  const groups = text.split(',').map((group) => group.split('|').map((name) => name.trim()));
  const isName = (name: string) => /^[a-z]\w*$/i.test(name);
  const isGroup = ([first = '', ...more]: string[]) =>
    more.length > 0 ? [first, ...more].every(isName) : isName(first.replace(/\?$/, ''));
  if (!groups.every(isGroup)) return undefined;
  return groups.map((group) =>
    group.map((name) => ({ name: name.replace(/\?$/, ''), isOptional: name.endsWith('?') })),
  );
}

/** Returns what is wrong with a text that should be one SELECT; undefined if nothing is. */
function statementMistake(sql: string): string | undefined {
  const bare = withoutTexts(sql);
  const [first = ''] = /[a-z]+/i.exec(bare) ?? [];
  if (first === '') return 'expected a SELECT, found nothing';
  if (!/^(select|with)$/i.test(first)) return `expected one SELECT, found ${first}`;
  const more = bare.slice(statementEnd(sql)).replace(/[\s;]/g, '');
  return more === '' ? undefined : 'expected one SELECT, found another statement after it';
}

/** Returns the position at which the first statement ends. */
function statementEnd(sql: string): number {
  const end = withoutTexts(sql).indexOf(';');
  return end === -1 ? sql.length : end;
}

/** Replaces comments, texts and quoted names by blanks of the same length. */
function withoutTexts(sql: string): string {
  return sql.replace(/--[^\n]*|\/\*[\s\S]*?\*\/|'(?:[^']|'')*'|"[^"]*"|`[^`]*`/g, (found) =>
    ' '.repeat(found.length),
  );
}
