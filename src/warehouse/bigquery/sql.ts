/** Quotes a name. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '')}\``;
}

/** Quotes text. */
export function literal(text: string | null): string {
  if (text === null) return 'NULL';
  const escaped = text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `'${escaped}'`;
}

/** `documentId` in SQL. */
export function documentIdSql(alias: string): string {
  return `CONCAT(IFNULL(${alias}._seller_id, ''), '/', ${alias}._document_id)`;
}

/**
 * SQL for key values as one text, equal if all values are equal, NULLs included. BigQuery joins
 * only by equality.
 */
export function keySql(values: string[]): string {
  return `CONCAT(${values.map((value) => `IFNULL(TO_JSON_STRING(${value}), 'null')`).join(", ',', ")})`;
}
