import type { Field } from '../../../src/warehouse/bigquery/column-types.js';

/** A table as the API describes it. */
export interface RecordedTable {
  type: 'TABLE' | 'VIEW';
  fields: Field[];
  /** PARTITION BY and CLUSTER BY as they were written. */
  layout: string;
  labels: Record<string, string>;
}

/** What BigQuery says of a statement that it refuses. */
export class RefusedStatement extends Error {
  constructor(
    message: string,
    readonly reason: 'invalidQuery' | 'notFound' = 'invalidQuery',
  ) {
    super(message);
  }
}

/** Statements of a script without transaction and IF: literals have no raw newline. */
export function statementsOf(script: string): string[] {
  return script
    .split(/;(?:\n|\s*$)/)
    .flatMap((part) => /^\s*IF ([^;]*?) THEN\n([\s\S]*)$/.exec(part)?.slice(1) ?? part)
    .map((part) => part.replace(/^\s*ELSE\n/, '').trim())
    .filter((part) => !/^(BEGIN|COMMIT|ROLLBACK) TRANSACTION$|^END IF$|^$/.test(part));
}

/** The names of the tables of a dataset that a statement names, each once. */
export function tablesNamedIn(statement: string): string[] {
  const names = tokensOf(statement).flatMap((token) => /^`[^.]+\.(.+)`$/.exec(token)?.[1] ?? []);
  return [...new Set(names)];
}

/**
 * Does to the tables of a dataset what a statement of DDL does. Any other statement needs its
 * tables.
 * Errors: RefusedStatement.
 */
export function applyStatement(tables: Map<string, RecordedTable>, statement: string): void {
  const [, verb, kind, condition, name = ''] =
    /^(CREATE|CREATE OR REPLACE|DROP|ALTER) (TABLE|VIEW) (IF NOT EXISTS |IF EXISTS )?`[^`.]+\.([^`]+)`/.exec(
      statement,
    ) ?? [];
  if (!verb) {
    for (const named of tablesNamedIn(statement)) if (!tables.has(named)) throw notFound(named);
  } else if (verb === 'DROP') {
    if (!tables.delete(name) && !condition) throw notFound(name);
  } else if (verb === 'ALTER') {
    alter(tables, name, statement);
  } else if (!(condition && tables.has(name))) {
    const made = kind === 'VIEW' ? view() : tableOf(statement);
    const there = tables.get(name);
    if (there && verb === 'CREATE') throw new RefusedStatement(`Already Exists: Table p:d.${name}`);
    if (there && there.layout !== made.layout) {
      throw new RefusedStatement('Cannot replace a table with a different partitioning or clustering spec');
    }
    tables.set(name, made);
  }
}

function notFound(name: string): RefusedStatement {
  return new RefusedStatement(`Not found: Table p:d.${name}`, 'notFound');
}

function view(): RecordedTable {
  return { type: 'VIEW', fields: [], layout: '', labels: { program: 'sp-reports' } };
}

function tableOf(statement: string): RecordedTable {
  const tokens = tokensOf(statement);
  const open = tokens.indexOf('(');
  const isListed = open > 0 && !tokens.slice(0, open).includes('AS');
  const columns = isListed ? partsOf(tokens, open) : { parts: [], end: 0 };
  const rest = tokens.slice(columns.end + 1);
  const stop = rest.findIndex((token) => token === 'OPTIONS' || token === 'AS');
  const labels: Record<string, string> = rest.includes('labels') ? { program: 'sp-reports' } : {};
  const layout = rest
    .slice(0, stop < 0 ? undefined : stop)
    .join(' ')
    .replace("DEFAULT COLLATE '' ", '');
  return { type: 'TABLE', fields: columns.parts.map(fieldOf), layout: isListed ? layout : '', labels };
}

function alter(tables: Map<string, RecordedTable>, name: string, statement: string): void {
  const table = tables.get(name);
  if (!table) throw notFound(name);
  const [, renamed] = /RENAME TO `([^`]+)`$/.exec(statement) ?? [];
  if (renamed) {
    tables.delete(name);
    tables.set(renamed, table);
    return;
  }
  const { parts } = partsOf(['(', ...tokensOf(statement).slice(3), ')'], 0);
  for (const part of parts) {
    const at = part.findIndex((token) => token.startsWith('`'));
    const verb = part.slice(0, at).join(' ');
    if (verb.startsWith('ADD COLUMN')) {
      const field = fieldOf(part.slice(at));
      const isThere = table.fields.some((each) => each.name === field.name);
      if (!isThere) table.fields = [...table.fields, field];
    } else if (verb === 'ALTER COLUMN') {
      const field = fieldOf([part[at] as string, ...part.slice(at + 4)]);
      table.fields = table.fields.map((each) => (each.name === field.name ? field : each));
    }
  }
}

/** Names in backquotes, literals, words and signs. */
function tokensOf(statement: string): string[] {
  return statement.match(/`[^`]*`|'(?:[^'\\]|\\.)*'|\w+|[^\s\w]/g) ?? [];
}

/** The tokens within a parenthesis, parted by its commas, and where it ends. */
function partsOf(tokens: string[], open: number): { parts: string[][]; end: number } {
  const parts: string[][] = [[]];
  let depth = 0;
  for (let at = open; at < tokens.length; at += 1) {
    const token = tokens[at] as string;
    if (')>'.includes(token)) depth -= 1;
    if (depth === 0 && at > open) return { parts, end: at };
    if (depth === 1 && token === ',') parts.push([]);
    else if (at > open) parts.at(-1)?.push(token);
    if ('(<'.includes(token)) depth += 1;
  }
  throw new Error(`no end: ${tokens.join(' ')}`);
}

const apiNames: Record<string, string> = { INT64: 'INTEGER', FLOAT64: 'FLOAT', BOOL: 'BOOLEAN' };

/** A column: its name, its type, and what follows it. */
function fieldOf([name = '', ...rest]: string[]): Field {
  const isList = rest[0] === 'ARRAY';
  const [type = '', sign, precision, , scale] = isList ? rest.slice(2) : rest;
  return {
    name: name.replaceAll('`', ''),
    type: apiNames[type] ?? type,
    mode: isList ? 'REPEATED' : 'NULLABLE',
    ...(sign === '(' && { precision, scale }),
  };
}
