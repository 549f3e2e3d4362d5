import assert from 'node:assert/strict';
import { generousPlans, makeWorld, orders, ordersType, sellerId, type World } from '../ingest/world.js';

const dayMs = 86_400_000;
const today = () => Math.floor(Date.now() / dayMs) * dayMs;
const day = (number: number) => new Date(today() + number * dayMs).toISOString();
const end = (number: number) => new Date(today() + number * dayMs - 1000).toISOString();
const date = (number: number) => day(number).slice(0, 10);

describe('gaps before the first request', () => {
  let world: World;
  afterEach(() => world.close());

  const states = async (...options: string[]) => {
    const { stdout } = await world.run('tables', '--json', ...options);
    const periods = JSON.parse(stdout) as { from: string; to: string; state: string }[];
    return periods.map(({ from, to, state }) => [from, to, state]);
  };
  const requestedDays = () =>
    world.sandbox.state.reports
      .flatMap(({ asked, dataStart }) => (asked && dataStart ? [dataStart.slice(0, 10)] : []))
      .sort();

  it('are shown with the command that fills them, and are filled once by that command', async () => {
    const body = orders([{ id: 'order-1', status: 'Shipped' }]);
    world = await makeWorld({
      pipelines: [{ request: [{ reportType: ordersType, window: '1 day', cron: '0 0 * * *' }] }],
      plans: generousPlans,
      make: () => ({ status: 'DONE', body: Buffer.from(body), contentType: 'text/tab-separated-values' }),
    });
    await world.run('run');
    await world.sandbox.stepReports();
    await world.sandbox.stepReports();
    await world.run('run');
    assert.deepEqual(await states('--gaps'), []);
    // A person requested it: it shows that there is older data, and what is missing in between.
    world.sandbox.addReport({
      sellerId,
      reportType: ordersType,
      body,
      dataStart: new Date(day(-5)),
      dataEnd: new Date(end(-4)),
    });
    await world.run('sweep');
    assert.deepEqual(await states('--gaps'), [[day(-4), day(-1), 'missing']]);
    const { stdout } = await world.run('tables', '--gaps');
    assert.match(stdout, new RegExp(`${date(-4)} +${date(-1)} +missing`));
    assert.match(stdout, /sp-reports request --fill-gaps/);

    const planned = await world.run('request', '--fill-gaps', '--dry-run', '--json');
    assert.equal(JSON.parse(planned.stdout).asked.length, 3);
    assert.deepEqual(requestedDays(), [date(-1)], 'a dry run requests nothing');
    await world.run('request', '--fill-gaps');
    assert.deepEqual(requestedDays(), [date(-4), date(-3), date(-2), date(-1)]);
    assert.deepEqual(await states('--gaps'), [[day(-4), day(-1), 'requested']]);

    await world.sandbox.stepReports();
    await world.sandbox.stepReports();
    await world.run('run');
    await world.run('request', '--fill-gaps');
    assert.deepEqual(requestedDays().length, 4, 'what was filled is no gap');
    assert.deepEqual(await states('--gaps'), []);
    const covered = await states('--coverage');
    assert.deepEqual([covered[0]?.[0], covered.at(-1)?.[1]], [day(-5), day(0)]);
  });
});
