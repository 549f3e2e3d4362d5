import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Command } from 'commander';
import { defaultMaxDocumentBytes } from '../config/spec.js';
import { ReportsError } from '../errors.js';
import { parseDocument } from '../parse/parse-document.js';
import { schemaYaml } from '../schema/infer.js';
import { examineDocument } from '../source/document/examine.js';
import { keepFile } from '../source/document/raw-store.js';
import type { Io } from './io.js';

/** `sp-reports schemas infer`. */
export function inferCommand(io: Io): Command {
  return new Command('infer')
    .description('Writes a report schema for a document on stdout, to be looked over and put into schemas/.')
    .argument('<file>', 'a report document')
    .option('--type <REPORT_TYPE>', 'its report type (default: the beginning of the file name)')
    .option('--content-type <TYPE>', "what the download said, e.g. 'text/plain; charset=Cp1252'")
    .action(async (file: string, options: { type?: string; contentType?: string }) => {
      const path = resolve(io.cwd, file);
      const reportType = options.type ?? /^[A-Z][A-Z0-9_]*/.exec(file.split('/').at(-1) ?? '')?.[0];
      if (!reportType)
        throw new ReportsError('USAGE', { problem: `the report type of ${file}: name it with --type` });
      const folder = await mkdtemp(join(tmpdir(), 'sp-reports-'));
      try {
        const raw = await keepFile(folder, path, {
          sellerId: 'local',
          reportType,
          marketplaceIds: [],
          ...(options.contentType ? { contentType: options.contentType } : {}),
        });
        const document = await examineDocument(raw, { maxTextBytes: defaultMaxDocumentBytes });
        const { tables, dialect } = await parseDocument({ document, engine: 'reference' });
        for (const { name, columns } of tables) {
          io.stdout.write(
            schemaYaml({
              reportType,
              format: dialect.delimiter === '\t' ? 'tsv' : 'csv',
              quoting: dialect.quoting ?? 'csv',
              tableName: name,
              columns,
            }),
          );
        }
      } finally {
        await rm(folder, { recursive: true });
      }
    });
}
