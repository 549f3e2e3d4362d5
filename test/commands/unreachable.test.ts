import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import type { Sandbox } from '../../src/sandbox/sandbox.js';
import { onVirtualClock } from '../runtime/virtual-clock.js';
import { listings, listingsType, makeWorld, sellerId, type World } from '../ingest/world.js';

type Places = Pick<Sandbox, 'sqsEndpoint' | 'apiEndpoint' | 'loginUrl'>;

/** An address where nothing answers. */
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return `http://127.0.0.1:${port}`;
}

describe('commands that cannot reach', () => {
  let world: World;
  let nowhere = '';
  afterEach(() => world.close());

  const reports = ['request', 'sweep', 'run'].map((name) => [name]);
  const dateOf = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const ofAmazon = [['doctor'], ['subscribe'], ['backfill', '--from', dateOf(5)], ...reports];

  async function open(without: (nowhere: string) => Partial<Places>): Promise<void> {
    nowhere = await closedPort();
    world = await makeWorld({
      pipelines: [
        { reportTypes: [listingsType], request: [{ reportType: listingsType, cron: '0 0 * * *' }] },
      ],
      through: async ({ sqsEndpoint, apiEndpoint, loginUrl }) => ({
        sqsEndpoint,
        apiEndpoint,
        loginUrl,
        ...without(nowhere),
      }),
    });
  }

  // Each waits for four tries.
  for (const [what, without, commands] of [
    ['the Selling Partner API', (apiEndpoint: string) => ({ apiEndpoint }), ofAmazon],
    ['the login', (place: string) => ({ loginUrl: `${place}/auth/o2/token` }), ofAmazon.slice(0, 2)],
  ] as const) {
    it(`${what} name the problem and the remedy, and end with code 1`, async () => {
      await open(without);
      const report = world.sandbox.addReport({ sellerId, reportType: listingsType, body: listings(1) });
      await world.sandbox.notify(report);
      for (const args of commands) {
        const { code, stdout } = await onVirtualClock(() => world.run(...args, '--log-level', 'silent'));
        assert.equal(code, 1, `${args}: ${stdout}`);
        assert.ok(stdout.includes(`no answer from ${nowhere} (ECONNREFUSED, 4 times)`), `${args}: ${stdout}`);
        assert.ok(
          stdout.includes(`Check that this machine can reach ${nowhere} (including any proxy or firewall)`),
          `${args}: ${stdout}`,
        );
        assert.doesNotMatch(stdout, /Nothing to (do|ask for)|^0 documents/m, args.join(' '));
      }
    });
  }

  it('the queue name the problem and the remedy, and end with code 1', async () => {
    await open((sqsEndpoint) => ({ sqsEndpoint }));
    for (const args of [['doctor'], ['subscribe'], ['run']]) {
      const { code, stdout, stderr } = await world.run(...args, '--log-level', 'silent');
      assert.equal(code, 1, `${args}: ${stdout}`);
      const output = stdout + stderr;
      assert.match(output, /connecting to http\S+: connect ECONNREFUSED 127\.0\.0\.1/, args.join(' '));
      assert.match(
        output,
        /Check that this machine can reach SQS \(including any proxy or firewall\)/,
        args.join(' '),
      );
    }
  });
});
