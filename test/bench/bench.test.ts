import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';

const root = new URL('../../', import.meta.url).pathname;
/** Without those that take long. */
const contestants = [
  'columnar',
  'duckdb-copy',
  'gunzip',
  'columnar-to-table',
  'duckdb-to-table',
  'small-documents',
];

describe('the benchmark', () => {
  before(function () {
    if (builtAtMs() < newestMs(join(root, 'src'))) {
      process.stdout.write(
        '    skipped: it measures the program as built, and src/ is newer: `npm run build`\n',
      );
      this.skip();
    }
  });

  it('compares contestants only after it has found their rows equal', async () => {
    const { machine, rows } = await bench('--rows', '500', '--small', '3', '--only', contestants.join());
    assert.match(machine, /cores of .* Node v/);
    assert.deepEqual(namesOf(rows), contestants);
    for (const row of rows) {
      assert.ok(row.medianSeconds > 0 && row.megabytesPerSecond > 0, JSON.stringify(row));
      assert.ok(Number(row.ratioToDuckdb) > 0 && Number(row.ratioToGunzip) > 0, JSON.stringify(row));
    }
  });

  it('measures reports of another type and seed', async () => {
    const type = 'GET_BRAND_ANALYTICS_SEARCH_TERMS_REPORT';
    const { input, rows } = await bench(
      '--type',
      type,
      '--rows',
      '300',
      '--seed',
      '11',
      '--only',
      'columnar',
    );
    assert.equal(input.reportType, type);
    assert.deepEqual(namesOf(rows), ['columnar']);
  });
});

interface BenchAnswer {
  machine: string;
  input: { reportType: string };
  rows: {
    name: string;
    medianSeconds: number;
    megabytesPerSecond: number;
    ratioToDuckdb: number | null;
    ratioToGunzip: number | null;
  }[];
}

/** One run of each, in a process as `npm run bench` starts it. */
async function bench(...options: string[]): Promise<BenchAnswer> {
  const args = [
    '--import',
    'tsx',
    'scripts/bench/bench.ts',
    '--json',
    '--runs',
    '1',
    '--python',
    'none',
    ...options,
  ];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
  return JSON.parse(stdout) as BenchAnswer;
}

const namesOf = (rows: BenchAnswer['rows']) => rows.map(({ name }) => name);

/** The time of the build's last step except the schemas, or 0. */
function builtAtMs(): number {
  return statSync(join(root, 'dist', 'main.cjs'), { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function newestMs(folder: string): number {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(
    ...names.filter((name) => /ts$/.test(name)).map((name) => statSync(join(folder, name)).mtimeMs),
  );
}
