import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseVariables } from '../../src/config/env-file.js';
import { readConfig } from '../../src/config/read.js';
import { commandMistake } from '../docs/blocks.js';
import { commandFolder } from './command-folder.js';

describe('init', () => {
  const { file, path, run } = commandFolder();
  const variables = {
    SELLER_ID: 'A1SELLER',
    LWA_CLIENT_ID: 'client',
    LWA_CLIENT_SECRET: 'hush-hush-hush',
    LWA_REFRESH_TOKEN: 'token-token',
    SP_REPORTS_QUEUE_URL: 'https://sqs.us-east-1.amazonaws.com/123456789012/reports',
  };

  it('writes settings that need only the variables it names', async () => {
    const { code, stdout } = await run('init');
    assert.equal(code, 0);
    const [, named = ''] = /variables that it names: ([\w, ]+);/.exec(stdout) ?? [];
    assert.deepEqual(named.split(', ').sort(), Object.keys(variables).sort());
    const { pipelines, sellers } = readConfig({ cwd: path(), env: variables });
    assert.deepEqual([pipelines.length, sellers.length], [1, 1]);
  });

  it('writes a .env that only its owner may read, with a line for each variable', async () => {
    const { stdout } = await run('init');
    assert.match(stdout, /^Wrote pipelines\.yaml and \.env\. Next:/);
    assert.match(stdout, /add it to \.gitignore/);
    if (process.platform !== 'win32') assert.equal(statSync(path('.env')).mode & 0o777, 0o600);
    const { values, mistakes } = parseVariables(readFileSync(path('.env'), 'utf8'));
    assert.deepEqual([Object.keys(values).sort(), mistakes], [Object.keys(variables).sort(), []]);
    assert.deepEqual([...new Set(Object.values(values))], ['']);
  });

  it('leaves an existing .env unchanged', async () => {
    file('.env', 'LWA_CLIENT_ID=mine\n');
    const { code, stdout } = await run('init');
    assert.equal(code, 0);
    assert.match(stdout, /^Wrote pipelines\.yaml\. Next:/);
    assert.equal(readFileSync(path('.env'), 'utf8'), 'LWA_CLIENT_ID=mine\n');
  });

  it('names an editor schema and a page of the keys, both of which exist', async () => {
    await run('init');
    const text = readFileSync(path('pipelines.yaml'), 'utf8');
    const names = [...text.matchAll(/\S+\/(?:pipelines\.schema\.json|pipelines\.md|personal-data\.md)/g)];
    assert.equal(names.length, 3);
    for (const [name] of names) assert.ok(readFileSync(resolve(path(), name.replace(/^.*=/, ''))).length > 0);
  });

  it('writes to the path of --config, and its next steps name that file', async () => {
    const { stdout } = await run('--config', 'etc/mine.yaml', 'init');
    assert.match(stdout, /sp-reports --config etc\/mine\.yaml run/);
    assert.ok(readFileSync(path('etc', 'mine.yaml')).length > 0);
  });

  it('names next steps that the program accepts as written', async () => {
    const { stdout } = await run('init');
    const steps = [...stdout.matchAll(/^ +(?:\d\. )?sp-reports (\S.*?) {2,}/gm)].map(
      ([, words = '']) => words,
    );
    assert.equal(steps.length, 5);
    for (const step of steps) assert.equal(commandMistake(step.split(' ')), undefined, step);
  });

  it('leaves an existing file unchanged', async () => {
    file('pipelines.yaml', '# mine\n');
    const { code, stderr, stdout } = await run('init');
    assert.deepEqual([code, stdout], [2, '']);
    assert.match(stderr, /^error FILE_EXISTS: writing pipelines\.yaml: the file already exists\n/);
    assert.equal(readFileSync(path('pipelines.yaml'), 'utf8'), '# mine\n');
  });

  it('reports a location where it cannot write', async () => {
    file('etc', 'a file');
    const { code, stderr } = await run('--config', 'etc/pipelines.yaml', 'init');
    assert.equal(code, 1);
    assert.match(stderr, /^error FILE_UNREADABLE: opening etc\/pipelines\.yaml: /);
  });
});
