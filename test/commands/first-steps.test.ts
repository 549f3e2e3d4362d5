import assert from 'node:assert/strict';
import { listings, listingsType, makeWorld } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';

describe('the first steps of a newcomer:', () => {
  const { file, path, run } = commandFolder();

  it('empty lists say how to begin, and lists without a match say so', async () => {
    for (const command of [['tables'], ['tables', '--gaps'], ['loads']])
      assert.match((await run(...command)).stdout, /^Nothing has been loaded yet\. Run `sp-reports run`/);
    file('a.tsv', listings(1));
    await run('load', 'a.tsv', '--type', listingsType);
    assert.equal((await run('loads', '--status', 'fatal')).stdout, 'No document in the ledger matches.\n');
  });

  it('an invalid log level is refused before anything is done', async () => {
    const { code, stderr } = await run('tables', '--log-level', 'loud');
    assert.equal(code, 2);
    assert.match(stderr, /Allowed choices are fatal, error, warn, info, debug, silent/);
  });

  it('load prints one line per note, however much there is to report', async () => {
    file('a.tsv', listings(1));
    const { stdout } = await run('load', 'a.tsv', '--type', listingsType);
    assert.match(stdout, /^ {2}columns not in the document: .*…$/m);
    for (const line of stdout.split('\n')) assert.ok(line.length <= 170, line);
  });

  it('missing AWS credentials and refused ones have separate errors, with what to set', async () => {
    const world = await makeWorld();
    try {
      const none = path('none');
      const { code, stderr } = await world.spawnRun(['run'], {
        AWS_ACCESS_KEY_ID: '',
        AWS_SECRET_ACCESS_KEY: '',
        AWS_CONFIG_FILE: none,
        AWS_SHARED_CREDENTIALS_FILE: none,
        AWS_EC2_METADATA_DISABLED: 'true',
      });
      assert.equal(code, 1);
      assert.match(stderr, /QUEUE_CREDENTIALS_MISSING.*\nSet AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY/);
    } finally {
      await world.close();
    }
  });

  it('a sweep that could not call Amazon does not claim that there was nothing to do', async () => {
    const world = await makeWorld();
    try {
      world.sandbox.state.faults.answers.set('login', { status: 400, times: 1 });
      const { code, stdout } = await world.run('sweep');
      assert.equal(code, 1);
      assert.match(stdout, /^Sweep of all: Nothing done\.\n\nWill be retried\n/);
    } finally {
      await world.close();
    }
  });
});
