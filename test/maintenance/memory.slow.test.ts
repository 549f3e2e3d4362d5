import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runInChild } from '../ingest/world.js';
import { makeManySources } from './many-sources.js';

const documents = Number(process.env.SOURCES ?? 5000);
/** DuckDB's limits: of each warehouse file that is open, and of work tables. */
const megabytesOfDuckDb = { file: 128, tables: 64 };
/** What the program takes beside them. */
const ownMegabytes = 150;

const preload = fileURLToPath(new URL('../../scripts/bench/peak-memory.cjs', import.meta.url));

/** With the number of warehouse files that are open at the same time. */
const commands: [files: number, args: string[]][] = [
  [1, ['purge', '--older-than', '30d', '--dry-run']],
  [1, ['verify']],
  [2, ['rebuild']],
  [2, ['purge', '--older-than', '30d']],
];

/**
 * `SOURCES=10000` passes. With 50,000, all but `rebuild` were measured one by one, and stayed below
 * these limits.
 */
describe(`the memory of a command that goes through ${documents} documents`, function () {
  this.timeout(3_600_000);
  let folder: string;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'many-sources-'));
    await makeManySources(folder, documents);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  async function peakMegabytes(args: string[]): Promise<number> {
    const file = join(folder, `peak of ${args[0]}`);
    const env = { ...process.env, PEAK_MEMORY_FILE: file, NODE_OPTIONS: `--require ${preload}` };
    const { code, stdout, stderr } = await runInChild(
      args,
      { env, cwd: folder },
      () => {},
      () => {},
    );
    assert.equal(code, 0, `${stdout.slice(-1000)}${stderr.slice(-1000)}`);
    const kilobytes = readFileSync(file, 'utf8')
      .trim()
      .split('\n')
      .map((line) => Number(line.split(' ', 1)[0]));
    return Math.max(...kilobytes) / 1024;
  }

  for (const [files, args] of commands) {
    const { file, tables } = megabytesOfDuckDb;
    const maxMegabytes = files * file + tables + ownMegabytes;
    it(`stays below ${maxMegabytes} MB: ${args.join(' ')}`, async () => {
      const megabytes = await peakMegabytes(args);
      assert.ok(megabytes > 50 && megabytes < maxMegabytes, `it took ${megabytes} MB`);
    });
  }
});
