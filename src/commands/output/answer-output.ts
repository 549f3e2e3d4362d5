import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { ReportsError } from '../../errors/reports-error.js';
import { withTempFolder } from '../../files/temp-folder.js';
import { dropPartial, nameWholeFile, openPartial, partialName } from '../../files/whole-file.js';
import type { StreamedAnswer } from '../../warehouse/types.js';
import { markdownText } from './answer-markdown.js';
import { writeParquet } from './answer-parquet.js';
import { type AnswerOptions, answerText, type Format, isTextFormat } from './answer-text.js';
import { workbookBytes } from './answer-workbook.js';

/**
 * The format of an answer: the given one, otherwise the one that the name of the output file ends
 * in, otherwise a table.
 */
export function formatOf(given: Format | undefined, output: string | undefined): Format {
  const ending = extname(output ?? '')
    .slice(1)
    .toLowerCase();
  return given ?? (ending in endings ? endings[ending as keyof typeof endings] : 'table');
}

const endings = { csv: 'csv', json: 'json', parquet: 'parquet', xlsx: 'xlsx', md: 'md' } as const;

/** Refuses to print bytes on a terminal. Errors: USAGE. */
export function checkOutput(format: Format, output: string | undefined, isTerminal: boolean): void {
  if (isTextFormat(format) || output !== undefined || !isTerminal) return;
  const problem = `--format ${format} is not text: write it to a file with --output FILE, or redirect the output`;
  throw new ReportsError('USAGE', { problem });
}

/** Prints an answer, or writes it to a file that exists whole or not at all. */
export async function writeAnswer(
  answer: StreamedAnswer,
  options: AnswerOptions,
  output: string | undefined,
  print: (pieces: AsyncIterable<string | Buffer>) => Promise<void>,
): Promise<void> {
  const { format, limit } = options;
  if (format === 'parquet') {
    if (output !== undefined) return toFile(output, (partial) => writeParquet(answer, limit, partial));
    return withTempFolder(async (folder) => {
      const path = join(folder, 'answer.parquet');
      await writeParquet(answer, limit, path);
      await print(createReadStream(path));
    });
  }
  const pieces = piecesOf(answer, options);
  if (output === undefined) return print(pieces);
  return toFile(output, async (partial) => {
    const file = await open(partial, 'w');
    try {
      for await (const piece of pieces) await file.writeFile(piece);
    } finally {
      await file.close();
    }
  });
}

function piecesOf(answer: StreamedAnswer, options: AnswerOptions): AsyncIterable<string | Buffer> {
  if (options.format === 'xlsx') return workbookBytes(answer, options.limit);
  if (options.format === 'md') return markdownText(answer, options.limit);
  return answerText(answer, options);
}

async function toFile(path: string, write: (partial: string) => Promise<void>): Promise<void> {
  const partial = partialName(path);
  const file = await openPartial(partial);
  try {
    await write(partial);
    await nameWholeFile(file, partial, path);
  } finally {
    await dropPartial(file, partial);
  }
}
