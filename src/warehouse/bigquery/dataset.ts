import type { BigQueryClient } from './client.js';

/** A dataset as the API describes it. */
export interface Dataset {
  location: string;
  /** Milliseconds, as decimal text. */
  defaultTableExpirationMs?: string;
  /** Milliseconds, as decimal text. */
  defaultPartitionExpirationMs?: string;
  defaultCollation?: string;
  defaultEncryptionConfiguration?: { kmsKeyName?: string };
}

/** Reads the dataset; undefined if there is none. */
export function readDataset(client: BigQueryClient): Promise<Dataset | undefined> {
  return client.requestIfThere<Dataset>({ uri: `/datasets/${client.target.dataset}` });
}

export interface NewTable {
  create: 'CREATE TABLE' | 'CREATE TABLE IF NOT EXISTS';
  name: string;
  /** SQL between parentheses. */
  columns: string;
  /** PARTITION BY, CLUSTER BY and OPTIONS. */
  rest: string;
  /** Its first rows, as a query. */
  query?: string;
}

/**
 * The script that creates a table without what the dataset would add: tables of loads do not
 * expire, and their text is compared exactly. It is one script, so that no crash leaves a table
 * that expires.
 */
export function createSql(client: BigQueryClient, dataset: Dataset | undefined, table: NewTable): string {
  const { create, name, columns, rest, query } = table;
  const { defaultTableExpirationMs, defaultPartitionExpirationMs, defaultCollation } = dataset ?? {};
  const full = client.table(name);
  const collation = defaultCollation ? " DEFAULT COLLATE ''" : '';
  const made = `${create} ${full} (${columns})${collation} ${rest}${query ? `\n     AS ${query}` : ''}`;
  // CREATE TABLE ignores an expiration of NULL.
  const kept = [
    ...(defaultTableExpirationMs ? ['expiration_timestamp = NULL'] : []),
    ...(defaultPartitionExpirationMs && /^PARTITION BY/.test(rest)
      ? ['partition_expiration_days = NULL']
      : []),
  ];
  return kept.length === 0 ? made : `${made};\nALTER TABLE ${full} SET OPTIONS (${kept.join(', ')})`;
}
