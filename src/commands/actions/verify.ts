import type { Command } from 'commander';
import { verify, type VerifySummary } from '../../maintenance/verify.js';
import type { Finding } from '../../maintenance/verify-findings.js';
import { pluralize } from '../../text/pluralize.js';
import { visible } from '../output/visible-text.js';
import type { Io } from '../setup/io.js';
import { readWarehouseConfig, withContext } from '../setup/open-context.js';
import { untilStopped } from '../setup/stop-signals.js';

export interface VerifyFlags {
  repair?: boolean;
  maxMegabytesPerSecond: number;
  maxDocumentBytes: number;
  json?: boolean;
}

/** Runs `sp-reports verify`. */
export async function verifyAction(
  flags: VerifyFlags,
  command: Command,
  io: Io,
  exit: (code: number) => void,
): Promise<void> {
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
          onFinding: (finding) => io.stdout.write(json ? `${JSON.stringify(finding)}\n` : lineOf(finding)),
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
