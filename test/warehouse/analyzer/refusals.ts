/** The tables that the statements below are about. */
export const setUp = `
CREATE TABLE \`d.t\` (a STRING, n INT64, d NUMERIC(10,2), j JSON, xs ARRAY<STRING>, made TIMESTAMP, day DATE)
  PARTITION BY DATE_TRUNC(day, MONTH) CLUSTER BY a OPTIONS (labels = [('program', 'x')]);
CREATE TABLE \`d.s\` (name STRING, version INT64, writer STRING, body STRING);
CREATE VIEW \`d.v\` AS SELECT a FROM \`d.t\``;

/** What BigQuery accepts. */
export const accepted = [
  `BEGIN TRANSACTION;
UPDATE \`d.s\` SET version = version + 1, writer = 'x' WHERE name = '' AND version = 3;
IF (SELECT COUNT(*) FROM \`d.s\` WHERE name = '' AND writer = 'x') = 1 THEN
INSERT INTO \`d.t\` (a, n) SELECT name, version FROM \`d.s\`;
COMMIT TRANSACTION;
SELECT 'committed' AS outcome;
ELSE
ROLLBACK TRANSACTION;
SELECT 'changed' AS outcome;
END IF;`,
  'MERGE `d.t` AS t USING (SELECT name, version FROM `d.s`) AS s ON t.a = s.name WHEN MATCHED THEN UPDATE SET n = s.version WHEN NOT MATCHED THEN INSERT (a, n) VALUES (s.name, s.version)',
  'SELECT a, COUNT(*) FROM t GROUP BY a',
  'ALTER TABLE `d.t` ADD COLUMN IF NOT EXISTS b STRING, ADD COLUMN IF NOT EXISTS c JSON',
  'ALTER TABLE `d.t` ALTER COLUMN d SET DATA TYPE NUMERIC(12,2)',
  'ALTER TABLE `d.t` SET OPTIONS (expiration_timestamp = NULL)',
  'ALTER TABLE `d.t` RENAME TO t2; SELECT a FROM t2',
  'CREATE OR REPLACE TABLE `d.t` (a STRING, day DATE) PARTITION BY DATE_TRUNC(day, MONTH) CLUSTER BY a AS SELECT a, day FROM `d.t`',
  'CREATE OR REPLACE VIEW `d.v` OPTIONS (description = "x") AS SELECT n FROM `d.t`',
  "DELETE FROM `d.t` AS t WHERE EXISTS (SELECT 1 FROM `d.s` AS s WHERE s.name = CONCAT(t.a, 'x') AND s.version > t.n)",
  'BEGIN TRANSACTION; CREATE OR REPLACE TEMP TABLE `x` AS SELECT name FROM `d.s`; DELETE FROM `d.s` WHERE name IN (SELECT name FROM `x`); COMMIT TRANSACTION',
  'SELECT MAX_BY(a, n) FROM t',
  'SELECT 1 FROM `d.t` WHERE day BETWEEN DATE "2026-01-01" AND DATE "2026-01-31"',
];

/** What BigQuery refuses, with what it is about. */
export const refused: Record<string, [sql: string, error: RegExp]> = {
  'an unknown column': ['SELECT nope FROM `d.t`', /Unrecognized name: nope/],
  'an unknown table': ['SELECT 1 FROM `d.nope`', /Table not found/],
  'an unknown table in a branch': [
    'IF TRUE THEN DELETE FROM `d.nope` WHERE TRUE; END IF;',
    /Table not found/,
  ],
  'an unknown table in the other branch': [
    'IF TRUE THEN SELECT 1; ELSE DELETE FROM `d.nope` WHERE TRUE; END IF;',
    /Table not found/,
  ],
  'a column that was dropped': [
    'ALTER TABLE `d.t` DROP COLUMN n; SELECT n FROM `d.t`',
    /Unrecognized name: n/,
  ],
  'groups by JSON': ['SELECT j, COUNT(*) FROM `d.t` GROUP BY j', /Grouping by expressions of type JSON/],
  'groups by a list': ['SELECT xs, COUNT(*) FROM `d.t` GROUP BY xs', /ARRAY/],
  'groups by a struct': ['SELECT STRUCT(a, n) AS x, COUNT(*) FROM `d.t` GROUP BY x', /STRUCT/],
  'a comparison of JSON': [
    'SELECT 1 FROM `d.t` WHERE j = j',
    /Equality is not defined for arguments of type JSON/,
  ],
  'DISTINCT JSON': ['SELECT DISTINCT j FROM `d.t`', /JSON/],
  'DISTINCT lists': ['SELECT DISTINCT xs FROM `d.t`', /ARRAY/],
  'ORDER BY JSON': ['SELECT a FROM `d.t` ORDER BY j', /ORDER BY does not support/],
  'ORDER BY a list': ['SELECT a FROM `d.t` ORDER BY xs', /ORDER BY does not support/],
  'a MERGE of another type': [
    'MERGE `d.t` AS t USING `d.s` AS s ON t.a = s.name WHEN MATCHED THEN UPDATE SET n = s.name',
    /cannot be assigned/,
  ],
  'an INSERT of another type': [
    'INSERT INTO `d.t` (n) SELECT name FROM `d.s`',
    /has type STRING which cannot be inserted/,
  ],
  'an INSERT into an unknown column': ['INSERT INTO `d.t` (nope) VALUES (1)', /Column nope is not present/],
  'an UPDATE without WHERE': ["UPDATE `d.t` SET a = 'x'", /WHERE/],
  'a DELETE without WHERE': ['DELETE FROM `d.t`', /WHERE/],
  'a text that equals a number': ['SELECT 1 FROM `d.t` WHERE a = 1', /No matching signature/],
  'a time that equals a date': ['SELECT 1 FROM `d.t` WHERE made = day', /No matching signature/],
  'a text between times': [
    "SELECT 1 FROM `d.t` WHERE a BETWEEN TIMESTAMP '2026-01-01' AND TIMESTAMP '2026-01-31'",
    /No matching signature/,
  ],
  'a time that is none': ["SELECT TIMESTAMP 'x'", /Invalid TIMESTAMP literal/],
  'a column that is neither grouped nor aggregated': [
    'SELECT a, n FROM `d.t` GROUP BY a',
    /neither grouped nor aggregated/,
  ],
  'a NUMERIC beyond its bounds': ['CREATE TABLE `d.u` (x NUMERIC(38, 10))', /NUMERIC/],
  'a BIGNUMERIC beyond its bounds': ['CREATE TABLE `d.u` (x BIGNUMERIC(78, 38))', /BIGNUMERIC/],
  'a UNION of other types': ['SELECT a FROM `d.t` UNION ALL SELECT n FROM `d.t`', /incompatible types/],
  'a view with a column twice': ['CREATE VIEW `d.w` AS SELECT a, a FROM `d.t`', /duplicate|exists already/i],
  'a view in place of a table': ['CREATE OR REPLACE VIEW `d.t` AS SELECT 1 AS a', /is a table/],
  'DROP VIEW of a table': ['DROP VIEW `d.t`', /is no VIEW/],
  'a table that exists': ['CREATE TABLE `d.t` (a STRING)', /exists already/],
  'a function of DuckDB': ['SELECT list_filter(xs, x -> x) FROM `d.t`', /Function not found|Syntax error/],
  'a type of DuckDB': ['SELECT CAST(a AS VARCHAR) FROM `d.t`', /Type not found/],
  'a column that becomes text': [
    'ALTER TABLE `d.t` ALTER COLUMN n SET DATA TYPE STRING',
    /requires that the existing column type .* is assignable/,
  ],
  'a column that becomes narrower': [
    'ALTER TABLE `d.t` ALTER COLUMN d SET DATA TYPE INT64',
    /requires that the existing column type .* is assignable/,
  ],
  'a condition that is no truth': ['IF 1 THEN SELECT 1; END IF;', /condition of type INT64/],
  'an IF without an end': ['IF TRUE THEN SELECT 1;', /Syntax error/],
  'a literal over two lines': ["SELECT 'a\nb'", /Unclosed string literal/],
  'an unknown named argument': ["SELECT PARSE_JSON(a, wide_numbers => 'round') FROM `d.t`", /wide_numbers/],
  'clusters by JSON': ['CREATE TABLE `d.u` (j JSON) CLUSTER BY j', /CLUSTER BY/],
  'clusters by five columns': [
    'CREATE TABLE `d.u` (a STRING, b STRING, c STRING, d STRING, e STRING) CLUSTER BY a, b, c, d, e',
    /4 clustering columns/,
  ],
  'partitions by text': ['CREATE TABLE `d.u` (a STRING) PARTITION BY a', /PARTITION BY/],
  'another partitioning': [
    'CREATE OR REPLACE TABLE `d.t` (a STRING) CLUSTER BY a AS SELECT a FROM `d.t`',
    /different partitioning/,
  ],
  'other clusters': [
    'CREATE OR REPLACE TABLE `d.t` (n INT64, day DATE) PARTITION BY DATE_TRUNC(day, MONTH) CLUSTER BY n AS SELECT n, day FROM `d.t`',
    /different partitioning/,
  ],
  'DDL in a transaction': [
    'BEGIN TRANSACTION; CREATE TABLE `d.u` (a STRING); COMMIT TRANSACTION;',
    /DDL in a transaction/,
  ],
  'a transaction that changes 101 tables': [
    `${Array.from({ length: 101 }, (_, n) => `CREATE TABLE \`d.n${n}\` (a STRING);`).join('\n')} BEGIN TRANSACTION;
     ${Array.from({ length: 101 }, (_, n) => `DELETE FROM \`d.n${n}\` WHERE TRUE;`).join('\n')} COMMIT TRANSACTION;`,
    /more than 100 tables/,
  ],
  'an outer join without an equality': [
    'SELECT t.a FROM `d.t` AS t LEFT JOIN `d.s` AS s ON t.n > s.version',
    /LEFT JOIN/,
  ],
  'a correlated subquery without an equality': [
    'DELETE FROM `d.t` AS t WHERE EXISTS (SELECT 1 FROM `d.s` AS s WHERE s.version > t.n)',
    /Correlated/,
  ],
  'a reserved column name': ['ALTER TABLE `d.t` ADD COLUMN _partition_day DATE', /reserved prefix/],
  'a column name with a dot': ['CREATE TABLE `d.u` (`a.b` STRING)', /not allowed/],
};
