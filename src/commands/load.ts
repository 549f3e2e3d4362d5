import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { defaultMaxDocumentBytes } from '../config/spec.js';
import { ReportsError } from '../errors.js';
import { loadFile } from '../pipeline/load-file.js';
import { marketplaceId } from '../schema/marketplaces.js';
import type { LedgerEntry } from '../warehouse/types.js';
import type { Io } from './io.js';
import { readWarehouseConfig, withContext } from './open-context.js';
import { listOption, positiveInteger } from './options.js';

interface LoadOptions {
  type: string;
  seller?: string;
  marketplace?: string[];
  contentType?: string;
  compression?: 'GZIP';
  maxDocumentBytes: number;
  json?: boolean;
}

/** `sp-reports load`: documents from disk. */
export function loadCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('load')
    .description('Loads report documents from disk, Seller Central downloads say, without Amazon.')
    .argument('<file...>', 'report documents, gzipped or not')
    .requiredOption('--type <REPORT_TYPE>', 'their report type, e.g. GET_MERCHANT_LISTINGS_ALL_DATA')
    .option(
      '--seller <ID>',
      'the seller they belong to (default: the only one in pipelines.yaml, else "local")',
    )
    .option('--marketplace <ID>', 'marketplace id or country code; several with commas', listOption)
    .option('--content-type <TYPE>', "what the download said, e.g. 'text/plain; charset=Cp1252'")
    .addOption(new Option('--compression <NAME>', 'what Amazon said; the bytes decide').choices(['GZIP']))
    .option(
      '--max-document-bytes <number>',
      'limit of the gunzipped size',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option('--json', 'print a JSON object for each document, one a line')
    .action(async (files: string[], options: LoadOptions, command: Command) => {
      if (!/^[A-Z][A-Z0-9_]*$/.test(options.type)) {
        throw new ReportsError('USAGE', {
          problem: `--type ${options.type}: a report type is written in capitals, like GET_MERCHANT_LISTINGS_ALL_DATA`,
        });
      }
      const config = readWarehouseConfig(command, io);
      const onlySeller = config.sellers.length === 1 ? config.sellers[0] : undefined;
      const facts = {
        reportType: options.type,
        sellerId: options.seller ?? onlySeller?.id ?? 'local',
        marketplaceIds: (options.marketplace ?? []).map((text) => {
          const id = marketplaceId(text);
          if (id) return id;
          throw new ReportsError('USAGE', {
            problem: `--marketplace ${text}: no such marketplace id or country code`,
          });
        }),
        ...(options.contentType ? { contentType: options.contentType } : {}),
        ...(options.compression ? { compression: options.compression } : {}),
      };
      await withContext(config, command, io, 'load', async (context) => {
        for (const file of files) {
          const entry = await loadFile(resolve(io.cwd, file), facts, context, options.maxDocumentBytes);
          if (entry.status === 'quarantined') exit(1);
          io.stdout.write(
            options.json ? `${JSON.stringify(loadJson(file, entry))}\n` : loadText(file, entry),
          );
        }
      });
    });
}

function loadJson(file: string, entry: LedgerEntry): Record<string, unknown> {
  const { reportType, status, tables, rejects, reasonCode, reason, notes, documentId } = entry;
  return { file, reportType, status, tables, rejects, reason, reasonCode, notes, documentId };
}

function loadText(file: string, entry: LedgerEntry): string {
  const { status, tables, rejects, reason, notes } = entry;
  if (status === 'quarantined') return `${file}: quarantined: ${reason}\n`;
  const loaded = tables
    .map(({ name, rows }) => `${rows} ${rows === 1 ? 'row' : 'rows'} into ${name}`)
    .join(', ');
  const lines = [`${file}: ${status}: ${loaded || 'no rows'}`, ...notes.map((note) => `  ${note}`)];
  if (rejects > 0) lines.push(`  ${rejects} rejected, kept in _rejects with the raw text`);
  return `${lines.join('\n')}\n`;
}
