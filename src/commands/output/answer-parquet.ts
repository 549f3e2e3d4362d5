import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { finished } from 'node:stream/promises';
import { describeError, ReportsError } from '../../errors/reports-error.js';
import { withTempFolder } from '../../files/temp-folder.js';
import { writeParquetOfTexts } from '../../parquet/write-texts.js';
import type { StreamedAnswer } from '../../warehouse/types.js';
import { type AnswerKind, answerKind } from './answer-types.js';
import { firstRows } from './answer-text.js';
import { cellText } from './text-table.js';

/**
 * Writes an answer to a Parquet file, with the types that it has. Nested values and JSON are JSON
 * text, as in the lake; decimals of more than 38 digits are text. The rows pass through a temporary
 * file, so that memory does not grow with them.
 */
export async function writeParquet(
  { columns, groups }: StreamedAnswer,
  limit: number | undefined,
  path: string,
): Promise<void> {
  await withTempFolder(async (folder) => {
    const textsPath = join(folder, 'rows.json');
    const texts = createWriteStream(textsPath);
    const done = finished(texts);
    try {
      for await (const rows of firstRows(groups, limit)) {
        const lines = rows.map((row) => `${JSON.stringify(columns.map((_, index) => textOf(row[index])))}\n`);
        if (!texts.write(lines.join(''))) await Promise.race([once(texts, 'drain'), done]);
      }
    } finally {
      texts.end();
    }
    await done;
    const typed = columns.map(({ name, type }) => ({ name, type: parquetType(answerKind(type)) }));
    try {
      await writeParquetOfTexts(textsPath, typed, path, folder);
    } catch (error) {
      if (error instanceof ReportsError) throw error;
      // A sum of 39 digits, for example.
      const found = describeError(error).split('\n')[0];
      throw new ReportsError('ANSWER_TOO_LARGE', { format: 'parquet', found }, { cause: error });
    }
  });
}

function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : cellText(value);
}

function parquetType(kind: AnswerKind): string {
  switch (kind.kind) {
    case 'integer':
      return 'BIGINT';
    case 'decimal':
      return `DECIMAL(${kind.precision}, ${kind.scale})`;
    case 'float':
      return 'DOUBLE';
    case 'boolean':
      return 'BOOLEAN';
    case 'date':
      return 'DATE';
    case 'timestamp':
      return kind.withZone ? 'TIMESTAMPTZ' : 'TIMESTAMP';
    case 'text':
      return 'VARCHAR';
  }
}
