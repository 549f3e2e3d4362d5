import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { promisify, stripVTControlCharacters } from 'node:util';

const root = new URL('../', import.meta.url).pathname;

describe('the test scripts:', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-scripts-'));
    for (const name of ['.ci', 'scripts', 'bin']) mkdirSync(join(folder, name));
    copyFileSync(join(root, '.ci/run'), join(folder, '.ci/run'));
    for (const name of ['test', 'with-emulators']) {
      copyFileSync(join(root, 'scripts', name), join(folder, 'scripts', name));
    }
    stub('scripts/install', 'true');
    stub('bin/npm', 'echo "npm $*"');
    stub('scripts/storage-emulator', 'echo "there is no Go" >&2; exit 3');
    stub('scripts/bigquery-emulator', 'echo "there is no Python" >&2; exit 3');
    stub('scripts/bigquery-analyzer', 'echo "there is no JDK" >&2; exit 3');
    stub('scripts/postgres', 'echo "there is no PostgreSQL" >&2; exit 3');
    stub('scripts/dbt', 'echo "there is no Python" >&2; exit 3');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function stub(name: string, script: string): void {
    writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${script}\n`);
    chmodSync(join(folder, name), 0o755);
  }

  function run(name: string): Promise<{ code: number; stdout: string; stderr: string }> {
    const env = { ...process.env, PATH: `${join(folder, 'bin')}:${process.env.PATH}` };
    return new Promise((resolve) =>
      execFile(join(folder, name), { env }, (error, stdout, stderr) =>
        resolve({ code: error ? Number(error.code) : 0, stdout, stderr }),
      ),
    );
  }

  it('scripts/test runs without the emulators and the analyzer that are missing, and says which', async () => {
    const { code, stdout, stderr } = await run('scripts/test');
    assert.equal(code, 0);
    assert.match(stdout, /npm run --silent check/);
    assert.match(stderr, /on BigQuery are skipped: there is no Python/);
    assert.match(stderr, /on Google Cloud Storage are skipped: there is no Go/);
    assert.match(stderr, /with Google's SQL analyzer are skipped: there is no JDK/);
    assert.match(stderr, /on PostgreSQL are skipped: there is no PostgreSQL/);
  });

  it('scripts/test runs with the emulators and the analyzer that exist', async () => {
    stub('scripts/storage-emulator', 'case $1 in --*) ;; *) echo storage; "$@";; esac');
    stub('scripts/bigquery-emulator', 'case $1 in --*) ;; *) echo bigquery; "$@";; esac');
    stub('scripts/bigquery-analyzer', 'case $1 in --*) ;; *) echo analyzer; "$@";; esac');
    stub('scripts/postgres', 'case $1 in --*) ;; *) echo postgres; "$@";; esac');
    const { stdout, stderr } = await run('scripts/test');
    assert.match(stdout, /storage\nbigquery\nanalyzer\npostgres\nnpm run --silent check/);
    assert.equal(stderr, '');
  });

  it('scripts/test runs on the one version of PostgreSQL that exists, and says which is missing', async () => {
    stub('scripts/postgres', 'case $1 in --*) echo "no 18" >&2 ;; *) echo postgres; "$@";; esac');
    const { stdout, stderr } = await run('scripts/test');
    assert.match(stdout, /postgres\nnpm run --silent check/);
    assert.match(stderr, /on PostgreSQL run without some of its versions: no 18/);
  });

  for (const missing of ['bigquery-emulator', 'bigquery-analyzer']) {
    it(`.ci/run fails without scripts/${missing}`, async () => {
      for (const name of ['bigquery-emulator', 'bigquery-analyzer']) {
        if (name !== missing) stub(`scripts/${name}`, 'case $1 in --*) ;; *) "$@";; esac');
      }
      const { code, stdout, stderr } = await run('.ci/run');
      assert.equal(code, 1);
      assert.match(stderr, /may not be skipped/);
      assert.doesNotMatch(stdout, /check/);
    });
  }

  it('.ci/run runs the default suite, then the slow tests, both with the emulators and the analyzer', async () => {
    for (const name of ['bigquery-emulator', 'bigquery-analyzer']) {
      stub(`scripts/${name}`, `case $1 in --*) ;; *) echo ${name}; "$@";; esac`);
    }
    const { code, stdout } = await run('.ci/run');
    assert.equal(code, 0);
    const tiers = ['check', 'test:slow'].map((name) => `npm run --silent ${name}\n`);
    assert.ok(
      stdout.endsWith(tiers.map((tier) => `bigquery-emulator\nbigquery-analyzer\n${tier}`).join('')),
      stdout,
    );
  });
});

describe('the npm scripts:', () => {
  it('npm test -- FILE and npx mocha FILE run the tests of that file alone', async () => {
    const commands = [['node_modules/mocha/bin/mocha.js'], ['scripts/run-tests.mjs']];
    for (const command of commands) {
      const files = await filesRun(...command, 'test/parse/dates.test.ts');
      assert.deepEqual(files, ['test/parse/dates.test.ts'], command.join());
    }
  });

  it('npm run test:slow runs the benchmark, the simulations and *.slow.test.ts, and nothing else', async () => {
    const files = await filesRun('scripts/run-tests.mjs', '--tier=slow', '--no-parallel');
    const slow = readdirSync(join(root, 'test'), { recursive: true, encoding: 'utf8' })
      .map((name) => `test/${name}`)
      .filter((name) => /^test\/(bench|simulations)\/.*\.test\.ts$|\.slow\.test\.ts$/.test(name));
    assert.ok(slow.includes('test/ingest/crash.slow.test.ts'), slow.join());
    assert.deepEqual(files.toSorted(), slow.toSorted());
  });

  /** The files whose tests a command would run. */
  async function filesRun(...command: string[]): Promise<string[]> {
    const args = [...command, '--dry-run', '--reporter', 'json'];
    const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root });
    const { tests } = JSON.parse(stdout) as { tests: { file: string }[] };
    return [...new Set(tests.map(({ file }) => relative(root, file)))];
  }
});

describe('the kernel that tests run with:', () => {
  let folder: string;
  const wasm = () => join(folder, 'src/kernel/kernel.wasm');
  const typings = () => join(folder, 'src/kernel/kernel-exports.ts');
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-kernel-'));
    for (const name of ['scripts', 'src/kernel/assembly']) mkdirSync(join(folder, name), { recursive: true });
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    for (const name of ['ensure-kernel.mjs', 'build-kernel.mjs']) {
      copyFileSync(join(root, 'scripts', name), join(folder, 'scripts', name));
    }
    copyFileSync(join(root, 'src/kernel/asconfig.json'), join(folder, 'src/kernel/asconfig.json'));
    writeFileSync(join(folder, 'src/kernel/assembly/index.ts'), 'export function one(): i32 { return 1; }');
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const ensure = () =>
    promisify(execFile)(process.execPath, [join(folder, 'scripts/ensure-kernel.mjs')], { cwd: folder });

  it('the tests build the kernel if it is missing or older than a source, and otherwise leave it alone', async () => {
    await ensure();
    assert.doesNotThrow(() => new WebAssembly.Module(readFileSync(wasm())));
    const inAnHour = Date.now() / 1000 + 3600;
    for (const built of [wasm(), typings()]) utimesSync(built, inAnHour, inAnHour);
    await ensure();
    assert.equal(Math.round(statSync(wasm()).mtimeMs / 1000), Math.round(inAnHour));
    utimesSync(join(folder, 'src/kernel/assembly/index.ts'), inAnHour + 1, inAnHour + 1);
    await ensure();
    assert.ok(statSync(wasm()).mtimeMs / 1000 < inAnHour);
    assert.deepEqual(readdirSync(join(folder, 'src/kernel')).sort(), [
      'asconfig.json',
      'assembly',
      'kernel-exports.ts',
      'kernel.wasm',
    ]);
  });

  it('a kernel that does not compile stops the tests with the errors of its compiler', async () => {
    writeFileSync(join(folder, 'src/kernel/assembly/index.ts'), 'export function one(): i32 { return; }');
    await assert.rejects(ensure(), (error: Error & { stderr: string }) => {
      // The compiler colors its messages where the variable CI is set.
      assert.match(
        stripVTControlCharacters(error.stderr),
        /ERROR TS[\s\S]*building src\/kernel\/kernel.wasm failed with exit status 1/,
      );
      return true;
    });
    assert.equal(existsSync(wasm()), false);
  });
});

describe('the build', () => {
  let folder: string;
  const { bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const main = () => join(folder, bin['sp-reports']);
  const build = (...args: string[]) =>
    promisify(execFile)(process.execPath, ['scripts/build.mjs', ...args], { cwd: folder });
  const write = (name: string, text: string) => {
    mkdirSync(join(folder, name, '..'), { recursive: true });
    writeFileSync(join(folder, name), text);
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'build-'));
    mkdirSync(join(folder, 'scripts'));
    for (const name of ['build.mjs', 'compile-schemas.mjs'])
      copyFileSync(join(root, 'scripts', name), join(folder, 'scripts', name));
    write('package.json', '{ "type": "module" }');
    write('schemas/a.yaml', '');
    write('src/main.cts', 'one');
    write('src/kernel/kernel.wasm', '');
    write('src/status/page/tsconfig.json', '');
    write('scripts/build-kernel.mjs', '');
    // Instead of the compiler: copies main.cts, and fails if it says so.
    write(
      'node_modules/typescript/bin/tsc',
      `const fs = require('node:fs');
       const out = process.argv[process.argv.indexOf('--outDir') + 1];
       for (const name of ['kernel', 'status', 'schema']) fs.mkdirSync(out + '/' + name, { recursive: true });
       fs.writeFileSync(out + '/schema/compiled.js', 'export const compiledJson = () => "{}";');
       fs.writeFileSync(out + '/schema/read.js', 'export const readSchemas = () => {}; export const packagedSchemasFolder = () => "";');
       const text = fs.readFileSync('src/main.cts', 'utf8');
       fs.writeFileSync(out + '/main.cjs', text);
       process.exit(text === 'mistake' ? 2 : 0);`,
    );
    write('node_modules/typescript/package.json', '{ "type": "commonjs" }');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it('makes a program that is executable: npx would make it so only the first time', async () => {
    await build();
    assert.equal(statSync(main()).mode & 0o777, 0o755);
  });

  it('replaces the program as a whole, and a build that fails changes nothing', async () => {
    write('dist/gone.js', '');
    await build();
    assert.equal(readFileSync(main(), 'utf8'), 'one');
    assert.equal(existsSync(join(folder, 'dist/gone.js')), false);
    write('src/main.cts', 'mistake');
    await assert.rejects(build());
    assert.equal(readFileSync(main(), 'utf8'), 'one');
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith('dist')),
      ['dist'],
    );
  });

  it('does nothing with --if-changed if the program is newer than its source', async () => {
    await build();
    const builtAt = statSync(main()).mtimeMs;
    await build('--if-changed');
    assert.equal(statSync(main()).mtimeMs, builtAt);
    write('src/main.cts', 'two');
    utimesSync(join(folder, 'src/main.cts'), new Date(), new Date(Date.now() + 5000));
    await build('--if-changed');
    assert.equal(readFileSync(main(), 'utf8'), 'two');
  });
});
