import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { buildProgram } from '../../src/cli.js';
import { openPage } from '../../src/commands/setup/open-page.js';
import { commandFolder } from './command-folder.js';
import { Terminal } from './terminal.js';

/** What bash completes for a line; the last word is the one to complete. */
function completed(script: string, ...words: string[]): string[] {
  const line = `COMP_WORDS=(sp-reports "$@"); COMP_CWORD=$#; _sp_reports; printf '%s\\n' "\${COMPREPLY[@]}"`;
  const found = execFileSync('bash', ['-c', `${script}\n${line}`, 'bash', ...words], { encoding: 'utf8' });
  return found.split('\n').filter(Boolean);
}

describe('completion', () => {
  const { path, run, file } = commandFolder();

  it('completes commands, options, values and report types in bash', async () => {
    const { stdout: script, code } = await run('completion', 'bash');
    assert.equal(code, 0);
    assert.deepEqual(completed(script, 'lo'), ['load', 'loads']);
    assert.deepEqual(completed(script, 'schemas', 'ch'), ['check']);
    assert.deepEqual(completed(script, 'load', '--mark'), ['--marketplace']);
    assert.deepEqual(completed(script, '--log-level', 'd'), ['debug']);
    assert.deepEqual(completed(script, 'query', '--format', 'p'), ['parquet']);
    assert.deepEqual(completed(script, 'load', 'x', '--type', 'GET_MERCHANT_LISTINGS_ALL'), [
      'GET_MERCHANT_LISTINGS_ALL_DATA',
    ]);
    assert.deepEqual(completed(script, 'load', 'listings.t'), []);
    assert.deepEqual(completed(script, 'config', 'check', '--js'), ['--json']);
  });

  it('knows every command in every shell', async () => {
    const nowhere = new Terminal();
    const io = { stdout: nowhere, stderr: nowhere, env: {}, cwd: path(), onStopSignal: () => () => {} };
    const names = buildProgram(io, () => {}).commands.map((command) => command.name());
    for (const shell of ['bash', 'zsh', 'fish']) {
      const { stdout } = await run('completion', shell);
      for (const name of names) assert.match(stdout, new RegExp(`\\b${name}\\b`), `${shell}: ${name}`);
    }
  });

  it('completes the same in fish', async function () {
    // The shell is not installed on every machine.
    if (spawnSync('fish', ['--version']).error) this.skip();
    file('script', (await run('completion', 'fish')).stdout);
    const complete = (line: string) => {
      const env = { ...process.env, HOME: path() };
      const command = `source ${path('script')}; complete -C '${line}'`;
      const found = execFileSync('fish', ['--no-config', '-c', command], {
        encoding: 'utf8',
        env,
        cwd: path(),
      });
      return found.split('\n').flatMap((each) => each.split('\t')[0] || []);
    };
    assert.deepEqual(complete('sp-reports lo'), ['load', 'loads']);
    assert.deepEqual(complete('sp-reports schemas ch'), ['check']);
    assert.deepEqual(complete('sp-reports query --format p'), ['parquet']);
    assert.deepEqual(complete('sp-reports load --mark'), ['--marketplace']);
  });

  for (const shell of ['zsh', 'fish']) {
    it(`is valid ${shell}`, async function () {
      // The shell is not installed on every machine.
      if (spawnSync(shell, ['--version']).error) this.skip();
      file('script', (await run('completion', shell)).stdout);
      const { status, stderr } = spawnSync(shell, ['-n', path('script')], { encoding: 'utf8' });
      assert.equal(status, 0, stderr);
    });
  }
});

describe('help', () => {
  const { run } = commandFolder();

  it('shows the help of the program and of commands, as --help does', async () => {
    for (const words of [[], ['load'], ['schemas'], ['schemas', 'check'], ['query']]) {
      const help = await run('help', ...words);
      assert.deepEqual(help, await run(...words, '--help'));
      assert.equal(help.code, 0);
      assert.match(help.stdout, /^Usage: sp-reports/);
    }
  });

  it('suggests the nearest command for one that is not there', async () => {
    const { code, stderr } = await run('help', 'lod');
    assert.equal(code, 2);
    assert.match(stderr, /USAGE: there is no command lod; did you mean "load"\?/);
  });
});

describe('a page to open', () => {
  const { path } = commandFolder();

  it('is opened by the program of the system, and a missing program is a warning', async function () {
    if (process.platform !== 'linux') this.skip();
    const stderr = new Terminal();
    writeFileSync(
      path('xdg-open'),
      `#!/bin/sh\necho "$1" > '${path('opened.part')}'\nmv '${path('opened.part')}' '${path('opened')}'\n`,
    );
    chmodSync(path('xdg-open'), 0o755);
    openPage('http://127.0.0.1:1/', { env: { PATH: `${path()}:/usr/bin:/bin` }, stderr });
    while (!existsSync(path('opened'))) await new Promise((resolve) => setImmediate(resolve));
    assert.equal(readFileSync(path('opened'), 'utf8'), 'http://127.0.0.1:1/\n');
    openPage('http://127.0.0.1:1/', { env: { PATH: '/nowhere' }, stderr });
    while (stderr.text === '') await new Promise((resolve) => setImmediate(resolve));
    assert.match(stderr.text, /^warning: opening http:\/\/127\.0\.0\.1:1\/ in a browser: .*ENOENT/);
  });
});
