import type { DuckDBConnection } from '@duckdb/node-api';
import { literal, run } from '../staging/sql.js';
import { QueryRefusal } from './query-failure.js';
import { isHarmlessTableFunction, isRefusedFunction } from './query-functions.js';

/**
 * Throws QueryRefusal unless the text is one statement that reads and calls no function that does
 * more. DuckDB's parser decides. Nothing is bound, because some functions act when they are bound.
 * Text that does not parse passes: preparing it fails, with the position.
 */
export async function judgeQuery(connection: DuckDBConnection, sql: string): Promise<void> {
  if (isBlank(sql)) throw new QueryRefusal('there is no statement in it');
  const explained = sql.replace(explainPrefix, '');
  const parsed = await parse(connection, explained);
  if (!parsed.error) {
    const { statements } = parsed;
    if (statements.length !== 1) throw new QueryRefusal(`it has ${statements.length} statements`);
    await judgeCalls(connection, callsIn(statements));
  } else if (parsed.error_type === 'not implemented') {
    if (!(await isPivot(connection, explained))) throw new QueryRefusal(notReading(explained));
    await judgeCalls(connection, await callsInText(connection, explained));
  }
}

/** Options cannot be mistaken for a query in parentheses: no query begins with these words. */
const explainPrefix =
  /^(?:\s|--[^\n]*\n|\/\*[\s\S]*?\*\/)*EXPLAIN\b\s*(?:ANALYZE\b\s*)?(?:\(\s*(?:ANALYZE|FORMAT)\b[^()]*\)\s*)?/i;

type Parsed = { error: true; error_type: string } | { error: false; statements: unknown[] };

/** DuckDB's parse of the text: the trees of its statements, which it writes only for SELECT. */
async function parse(connection: DuckDBConnection, sql: string): Promise<Parsed> {
  const [row] = await run(connection, 'SELECT json_serialize_sql($sql::VARCHAR)', { sql });
  return JSON.parse(String(row?.[0])) as Parsed;
}

/**
 * DuckDB makes several statements of a PIVOT whose values are not listed: those that create an enum
 * type, in memory, and one that reads. It is one statement of the user if it also parses within
 * parentheses, as only a query does, and has no semicolon.
 */
async function isPivot(connection: DuckDBConnection, sql: string): Promise<boolean> {
  const inner = await innerQuery(connection, sql);
  return inner !== undefined && inner.count > 1;
}

/**
 * A query in a form that can be embedded in another one, without its semicolon at the end and what
 * follows, and the number of statements that DuckDB makes of it. Undefined for text that cannot be
 * embedded, such as EXPLAIN.
 */
export async function innerQuery(
  connection: DuckDBConnection,
  sql: string,
): Promise<{ text: string; count: number } | undefined> {
  const end = [...sql.matchAll(/;/g)].find(({ index }) => isBlank(sql.slice(index)))?.index;
  // The whole text first: what looks like the end may be within a text or a comment.
  for (const text of [sql, ...(end === undefined ? [] : [sql.slice(0, end)])]) {
    try {
      // A comment at the end of the query ends with its line.
      const { count } = await connection.extractStatements(`FROM (${text}\n)`);
      return { text, count };
    } catch {
      // This form does not parse: try the next one.
    }
  }
  return undefined;
}

interface Calls {
  tables: Set<string>;
  others: Set<string>;
}

function callsIn(tree: unknown): Calls {
  const calls: Calls = { tables: new Set(), others: new Set() };
  // Not by recursion: a query may be nested deeper than the stack.
  for (const todo = [tree]; todo.length > 0; ) {
    const node = todo.pop();
    if (typeof node !== 'object' || node === null) continue;
    const { type, function: called, function_name: name } = node as Record<string, unknown>;
    if (type === 'TABLE_FUNCTION') calls.tables.add(nameOf(called));
    if (typeof name === 'string') calls.others.add(name);
    todo.push(...Object.values(node));
  }
  return calls;
}

function nameOf(called: unknown): string {
  return String((called as { function_name?: unknown } | undefined)?.function_name ?? '');
}

/**
 * The same for a PIVOT, of which the parser writes no tree: every word that may be a call, even
 * within a text or a comment. A name is followed by a parenthesis or, at most, by a comment before
 * it.
 */
async function callsInText(connection: DuckDBConnection, sql: string): Promise<Calls> {
  const words = new Set(
    [...sql.matchAll(/([\p{L}\p{N}_]+)"?\s*(?=\(|--|\/\*)/gu)].map(([, word = '']) => word.toLowerCase()),
  );
  const rows = await run(
    connection,
    "SELECT DISTINCT lower(function_name) FROM duckdb_functions() WHERE function_type IN ('table', 'table_macro')",
  );
  const tables = new Set(rows.map(([name]) => String(name)).filter((name) => words.has(name)));
  return { tables, others: words };
}

async function judgeCalls(connection: DuckDBConnection, { tables, others }: Calls): Promise<void> {
  const refused = [...others].find(isRefusedFunction);
  if (refused !== undefined) refuseCall(refused);
  const unknown = [...tables].filter((name) => !isHarmlessTableFunction(name));
  if (unknown.length === 0) return;
  // The macros of the warehouse may be called. An unknown name fails when it is bound.
  const [own] = await run(
    connection,
    `SELECT function_name FROM duckdb_functions()
     WHERE internal AND lower(function_name) IN (${unknown.map((name) => literal(name.toLowerCase())).join(', ')})`,
  );
  if (own) refuseCall(String(own[0]));
}

function refuseCall(name: string): never {
  throw new QueryRefusal(`the function ${name} is disabled in queries`);
}

function notReading(sql: string): string {
  const word = /^(?:\s|;|--[^\n]*\n|\/\*[\s\S]*?\*\/)*(\w+)/.exec(sql)?.[1]?.toUpperCase() ?? '';
  const isReading = /^(SELECT|FROM|WITH|VALUES|TABLE|DESCRIBE|SHOW|SUMMARIZE|PIVOT|UNPIVOT)?$/.test(word);
  return isReading ? 'a part of it is not a statement that reads' : `${word} is not a statement that reads`;
}

/** Only blanks, semicolons and comments: the error of DuckDB's parser for these says nothing. */
function isBlank(sql: string): boolean {
  return /^(?:[\s;]|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)*$/.test(sql);
}
