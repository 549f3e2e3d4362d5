import assert from 'node:assert/strict';
import { runCli } from '../../src/cli.js';
import { displayWidth } from '../../src/commands/output/visible-text.js';
import { listings, listingsType } from '../ingest/world.js';
import { commandFolder } from './command-folder.js';
import { Terminal } from './terminal.js';

class NarrowTerminal extends Terminal {
  override readonly columns: number = 60;
}

describe('lists on a terminal of 60 columns', () => {
  const { file, path, run } = commandFolder();
  const onTerminal = async (...args: string[]) => {
    const stdout = new NarrowTerminal();
    const io = { stdout, stderr: new Terminal(), env: {}, cwd: path(), onStopSignal: () => () => {} };
    assert.equal(await runCli(args, io), 0, io.stderr.text);
    return stdout.text;
  };

  it('fit it, and show every name whole or on several lines', async () => {
    file('a.tsv', listings(2));
    file('pipelines.yaml', 'sellers: []\npipelines: []\n');
    await run('load', 'a.tsv', '--type', listingsType);
    const [document = ''] = /file-[0-9a-f]{32}/.exec((await run('loads')).stdout) ?? [];
    for (const [args, name] of [
      [['tables'], 'listings'],
      [['tables', '--views'], 'conversion_per_asin'],
      [['loads'], document],
      [['loads', document], document],
      [['schemas', 'list'], 'GET_FBA_FULFILLMENT_CUSTOMER_RETURNS_DATA'],
      [['schemas', 'show', listingsType], 'seller_sku'],
      [['inspect', `data/lake/listings/seller=local/${document}.parquet`], 'seller_sku'],
    ] as const) {
      const text = await onTerminal(...args);
      // Sentences around the tables wrap as the terminal does it.
      const table = text
        .split('\n')
        .filter((line) => /^[\w─]|^ {8}/.test(line) && !/: .* |\. [A-Z`]/.test(line));
      const wide = table.filter((line) => displayWidth(line) > 60);
      assert.deepEqual(wide, [], args.join(' '));
      assert.ok(
        name.split('_').every((part) => text.includes(part)),
        text,
      );
    }
  });
});
