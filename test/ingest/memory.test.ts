import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { hostileDocuments } from './hostile-documents.js';

/** As docs/performance.md says. */
const maxMegabytes = 768;

const outcomes = {
  'huge cells': '8 rows, 0 rejects',
  'huge quoted cells': '4 rows, 0 rejects',
  'huge rows, each with a cell too many': '1 rows, 8 rejects',
  'huge values in JSON': '4 rows, 0 rejects',
  'huge texts in XML': '4 rows, 0 rejects',
  'one string of JSON': 'ROW_TOO_LONG',
  'one text of XML': 'ROW_TOO_LONG',
  'one line': 'ROW_TOO_LONG',
  'a header of 100,000 columns': 'TOO_MANY_COLUMNS',
  'a row of 100,000 cells': '1 rows, 1 rejects',
  'lists in lists': 'DOCUMENT_TOO_DEEP',
  'elements in elements': 'DOCUMENT_TOO_DEEP',
  'a workbook with cells far apart': 'WORKBOOK_TOO_LARGE',
  'a workbook of many sheets': 'WORKBOOK_TOO_LARGE',
  'a workbook of many styles': '0 rows, 0 rejects',
  'a workbook of many shared texts': '0 rows, 0 rejects',
  'a workbook of many merged cells': '0 rows, 0 rejects',
};

describe('the memory of a process that converts hostile documents', function () {
  this.timeout(600_000);
  let folder: string;
  before(async function () {
    // The memory is read from /proc.
    if (process.platform !== 'linux') this.skip();
    folder = mkdtempSync(join(tmpdir(), 'memory-'));
    for (const [name, make] of Object.entries(hostileDocuments))
      writeFileSync(join(folder, `${name}.gz`), gzipSync(await make(), { level: 1 }));
  });
  after(() => {
    if (folder) rmSync(folder, { recursive: true });
  });

  for (const engine of ['columnar', 'reference'] as const) {
    it(`stays below ${maxMegabytes} MB with the ${engine} engine`, async () => {
      const { output, megabytes } = await convertInProcess(folder, engine);
      assert.deepEqual(JSON.parse(output), outcomes);
      assert.ok(megabytes > 50 && megabytes < maxMegabytes, `it took ${megabytes} MB`);
    });
  }
});

/** Converts the files of a folder in a process of their own, and measures the most that it took. */
async function convertInProcess(
  folder: string,
  engine: string,
): Promise<{ output: string; megabytes: number }> {
  const script = new URL('convert-files.ts', import.meta.url).pathname;
  const child = spawn(process.execPath, ['--import', 'tsx', script, folder, engine], {
    cwd: new URL('../..', import.meta.url).pathname,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, UV_THREADPOOL_SIZE: '2' },
  });
  let output = '';
  child.stdout.on('data', (text) => {
    output += text;
  });
  let megabytes = 0;
  const timer = setInterval(() => {
    megabytes = Math.max(megabytes, peakOf(child.pid));
  }, 10);
  await new Promise((resolve) => child.on('close', resolve));
  clearInterval(timer);
  return { output, megabytes };
}

/** The most memory that a process has taken, in megabytes; 0 if it has ended. */
function peakOf(pid: number | undefined): number {
  try {
    const [, kilobytes = 0] = /^VmHWM:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Math.round(Number(kilobytes) / 1024);
  } catch {
    return 0;
  }
}
