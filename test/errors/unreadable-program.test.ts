import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { errorCode, faultOf, knownError } from '../../src/errors/reports-error.js';
import { runInChild } from '../ingest/world.js';

/** The error of Node, without the loader of the tests, that a statement ends with. */
function errorOf(folder: string, statement: string): Error {
  const script = `(async () => { ${statement} })().catch(({ message, stack, code, path }) =>
    console.log(JSON.stringify({ message, stack, code, path })))`;
  const { stdout } = spawnSync(process.execPath, ['-e', script], { cwd: folder, encoding: 'utf8' });
  return Object.assign(new Error(), JSON.parse(stdout));
}

describe('a file of the program that cannot be read', () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'unreadable-program-'));
    writeFileSync(join(folder, 'damaged.node'), 'no library');
    // Reading the beginning of a process' memory is an error of input and output.
    symlinkSync('/proc/self/mem', join(folder, 'unreadable.js'));
  });
  after(() => rmSync(folder, { recursive: true }));

  const statements = {
    'a module that is missing': "await import('./missing.mjs')",
    'a package that is missing': "require('missing')",
    'a damaged library': "require('./damaged.node')",
  };
  for (const [what, statement] of Object.entries(statements)) {
    it(`is the machine's fault: ${what}`, () => {
      const error = errorOf(folder, statement);
      assert.deepEqual([errorCode(error), faultOf(error)], ['PROGRAM_UNREADABLE', 'machine']);
    });
  }

  it('is known by the folder of the program if the error of the system names no file', function () {
    if (process.platform !== 'linux') this.skip();
    const statement = "require('./unreadable.js')";
    const error = errorOf(folder, statement);
    assert.equal((error as NodeJS.ErrnoException).code, 'EIO');
    const root = new URL('../../', import.meta.url).pathname;
    assert.equal(
      (knownError(error) as Error).message,
      `loading the program's own files from ${root}: EIO: i/o error, read`,
    );
  });

  it('is not confused with a file that the program reads for its user', () => {
    const error = errorOf(folder, "require('node:fs').readFileSync('missing.tsv')");
    assert.equal(errorCode(error), 'FILE_SYSTEM_FAILED');
  });

  it('ends the program with an error of the catalogue, even before it reads its arguments', async () => {
    const hook = `export const load = (url, context, next) =>
      next(/[/]cli[.][jt]s$/.test(url) ? 'file:///missing/cli.js' : url, context);`;
    const register = `import { register } from 'node:module';
      register('data:text/javascript;base64,${Buffer.from(hook).toString('base64')}');`;
    writeFileSync(join(folder, 'register.mjs'), register);
    const env = { ...process.env, NODE_OPTIONS: `--import ${join(folder, 'register.mjs')}` };
    const { code, stderr } = await runInChild(
      ['--version'],
      { env, cwd: folder },
      () => {},
      () => {},
    );
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error PROGRAM_UNREADABLE: loading .*missing.cli\.js.*\n.*install the program again/,
    );
  });
});
