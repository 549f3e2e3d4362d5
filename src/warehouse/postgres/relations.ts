import type { Relations } from '../rules/relations.js';
import { columnTypeOf } from './column-types.js';
import type { PostgresServer } from './connection.js';
import type { Session } from './session.js';
import { ownName } from './sql.js';

/**
 * Reads the tables and views of the schema. A column whose name PostgreSQL does not accept has its
 * own name in its comment; see `commentOf`.
 */
export async function readRelations(session: Session, server: PostgresServer): Promise<Relations> {
  const { rows } = await session.run(
    `SELECT c.relname, c.relkind, a.attname, FORMAT_TYPE(a.atttypid, a.atttypmod), COL_DESCRIPTION(c.oid, a.attnum)
     FROM pg_class AS c
     JOIN pg_namespace AS n ON n.oid = c.relnamespace
     LEFT JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
     WHERE n.nspname = $1 AND c.relkind IN ('r', 'p', 'v', 'm', 'f')
     ORDER BY c.relname, a.attnum`,
    [server.schema],
  );
  const relations: Relations = new Map();
  for (const [table = '', kind, column, typeText, comment] of rows as string[][]) {
    const relation = relations.get(table.toLowerCase()) ?? {
      name: table,
      isView: kind === 'v' || kind === 'm',
      columns: new Map(),
    };
    relations.set(table.toLowerCase(), relation);
    if (!column || !typeText) continue;
    const name = nameIn(comment, column) ?? column;
    relation.columns.set(name.toLowerCase(), { name, typeText, type: columnTypeOf(typeText) });
  }
  return relations;
}

/** The comment on a column, which begins with the column's own name if PostgreSQL has another. */
export function commentOf(name: string, description: string | undefined): string | undefined {
  if (ownName(name) === name.toLowerCase()) return description;
  return `[${name}]${description ? ` ${description}` : ''}`;
}

function nameIn(comment: string | null | undefined, column: string): string | undefined {
  const name = /^\[(.+?)\]/.exec(comment ?? '')?.[1];
  return name !== undefined && ownName(name) === column && name.toLowerCase() !== column ? name : undefined;
}
