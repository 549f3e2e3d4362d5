/** Quotes a name for SQL text. */
export function identifier(name: string): string {
  return `\`${name.replaceAll('`', '')}\``;
}

/** Quotes text for SQL text. */
export function literal(text: string | null): string {
  if (text === null) return 'NULL';
  const escaped = text.replace(/[\\']/g, '\\$&').replaceAll('\n', '\\n').replaceAll('\r', '\\r');
  return `'${escaped}'`;
}

/** What tells a document apart from all others, out of columns. In TypeScript: `documentId`. */
export function documentIdSql(alias: string): string {
  return `CONCAT(IFNULL(${alias}._seller_id, ''), '/', ${alias}._document_id)`;
}

/** One text for the values of a key, equal where all of them are, NULL included. BigQuery joins by equality alone. */
export function keySql(values: string[]): string {
  return `CONCAT(${values.map((value) => `IFNULL(TO_JSON_STRING(${value}), 'null')`).join(", ',', ")})`;
}
