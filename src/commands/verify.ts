import { Command } from 'commander';
import { defaultMaxDocumentBytes } from '../config/limits-spec.js';
import { verify, type VerifySummary } from '../maintenance/verify.js';
import type { Finding } from '../maintenance/verify-findings.js';
import { pluralize } from '../text/pluralize.js';
import { visible } from './output/visible-text.js';
import type { Io } from './setup/io.js';
import { readWarehouseConfig, withContext } from './setup/open-context.js';
import { positiveInteger } from './setup/options.js';
import { untilStopped } from './setup/stop-signals.js';

interface VerifyFlags {
  repair?: boolean;
  maxMegabytesPerSecond: number;
  maxDocumentBytes: number;
  json?: boolean;
}

/** `sp-reports verify`: whether ledger, files and tables agree. */
export function verifyCommand(io: Io, exit: (code: number) => void): Command {
  return new Command('verify')
    .description(
      'Compares the ledger with the raw documents, the lake and the tables, and reports what is missing, damaged, orphaned or foreign. Deletes nothing.',
    )
    .option(
      '--repair',
      'repair what can be made again from another copy: the lake from raw, raw from Amazon, load records from ledger and lake, rows of tables from the lake',
    )
    .option('--max-megabytes-per-second <number>', 'how fast files are read', positiveInteger, 100)
    .option(
      '--max-document-bytes <number>',
      'maximum gunzipped size, for repairs',
      positiveInteger,
      defaultMaxDocumentBytes,
    )
    .option('--json', 'print a JSON object for each finding, one per line')
    .action(async (flags: VerifyFlags, command: Command) => {
      const config = readWarehouseConfig(command, io);
      const { repair = false, maxMegabytesPerSecond, maxDocumentBytes, json } = flags;
      const summary = await untilStopped(io, ({ stop }) =>
        withContext(config, command, io, 'verify', async (context) => {
          try {
            return await verify(context, {
              repair,
              bytesPerSecond: maxMegabytesPerSecond * 1e6,
              maxDocumentBytes,
              signal: stop,
              onFinding: (finding) =>
                io.stdout.write(json ? `${JSON.stringify(finding)}\n` : lineOf(finding)),
            });
          } catch (error) {
            if (!stop.aborted) throw error;
            return undefined;
          }
        }),
      );
      const text = summary ? summaryText(summary) : 'Stopped before the end: the rest was not checked.\n';
      (json ? io.stderr : io.stdout).write(text);
      if (!summary || summary.wrong > 0) exit(1);
    });
}

function lineOf({ kind, path, key, table, rows, found, repair }: Finding): string {
  const about = [key, table, rows === null ? undefined : pluralize(rows, 'row')].filter((each) => each);
  const outcomes = {
    unneeded: '',
    none: '',
    possible: ' [--repair can try to repair it]',
    done: ' [repaired]',
    failed: ' [not repaired]',
  };
  const of = about.length > 0 ? ` (${about.join(', ')})` : '';
  return `${visible(`${kind}: ${path ?? table}${of}: ${found}${outcomes[repair]}`)}\n`;
}

function summaryText({ documents, tables, findings, repaired, wrong }: VerifySummary): string {
  const checked = `${pluralize(documents, 'document')} and ${pluralize(tables, 'table')} checked`;
  return `${checked}: ${pluralize(findings, 'finding')}, ${repaired} repaired, ${wrong} left to repair\n`;
}
