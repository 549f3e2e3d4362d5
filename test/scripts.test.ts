import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const root = new URL('../', import.meta.url).pathname;

describe('the tests of', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sp-reports-scripts-'));
    for (const name of ['.ci', 'scripts', 'bin']) mkdirSync(join(folder, name));
    copyFileSync(join(root, '.ci/run'), join(folder, '.ci/run'));
    copyFileSync(join(root, 'scripts/test'), join(folder, 'scripts/test'));
    stub('scripts/install', 'true');
    stub('bin/npm', 'echo "npm $*"');
    stub('scripts/storage-emulator', 'echo "there is no Go" >&2; exit 3');
    stub('scripts/bigquery-emulator', 'echo "there is no Python" >&2; exit 3');
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

  it('a developer are run without stand-ins that are not there, which is told', async () => {
    const { code, stdout, stderr } = await run('scripts/test');
    assert.equal(code, 0);
    assert.match(stdout, /npm run --silent check/);
    assert.match(stderr, /on BigQuery are skipped: there is no Python/);
    assert.match(stderr, /on Google Cloud Storage are skipped: there is no Go/);
  });

  it('a developer are run within the stand-ins that are there', async () => {
    stub('scripts/storage-emulator', 'case $1 in --*) ;; *) echo storage; "$@";; esac');
    stub('scripts/bigquery-emulator', 'case $1 in --*) ;; *) echo bigquery; "$@";; esac');
    const { stdout, stderr } = await run('scripts/test');
    assert.match(stdout, /storage\nbigquery\nnpm run --silent check/);
    assert.equal(stderr, '');
  });

  it('a change fail where the stand-in for BigQuery is not there', async () => {
    const { code, stdout, stderr } = await run('.ci/run');
    assert.equal(code, 1);
    assert.match(stderr, /may not be skipped/);
    assert.doesNotMatch(stdout, /check/);
  });

  it('a change are all run where it is', async () => {
    stub('scripts/bigquery-emulator', 'case $1 in --*) ;; *) "$@";; esac');
    const { code, stdout } = await run('.ci/run');
    assert.equal(code, 0);
    assert.match(stdout, /npm run --silent check/);
  });
});

it('the build leaves a program that may be run: npx makes it so only the first time', () => {
  const { scripts, bin } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  assert.ok(scripts.build.endsWith(` && chmod +x ${bin['sp-reports']}`), scripts.build);
});
