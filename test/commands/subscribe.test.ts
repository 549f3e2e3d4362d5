import assert from 'node:assert/strict';
import { makeWorld, sellerId, type World } from '../ingest/world.js';

const queueArn = 'arn:aws:sqs:us-east-1:000000000000:reports';
const otherSeller = 'A2TESTSELLER';

describe('subscribe', () => {
  let world: World;
  beforeEach(async () => {
    world = await makeWorld({ moreSellers: [otherSeller] });
  });
  afterEach(() => world.close());

  const steps = async (...args: string[]) => {
    const { code, stdout, stderr } = await world.run('subscribe', '--json', ...args);
    const done = stdout ? (JSON.parse(stdout).steps as Record<string, string>[]) : [];
    return {
      code,
      stderr,
      done: done.map((each) => `${each.sellerId} ${each.thing} ${each.done}`),
      steps: done,
    };
  };
  const atAmazon = () => {
    const { destinations, subscriptions } = world.sandbox.state;
    return [destinations.length, subscriptions.length];
  };
  const elsewhere = () => {
    const { destinations, subscriptions } = world.sandbox.state;
    const resource = { sqs: { arn: `${queueArn}-other` } };
    destinations.push({ destinationId: 'd-other', name: 'other', resource });
    const ids = { subscriptionId: 's-other', destinationId: 'd-other', payloadVersion: '1.0' };
    subscriptions.push({ sellerId, notificationType: 'REPORT_PROCESSING_FINISHED', ...ids });
  };

  it('makes one destination for the application and one subscription for each seller, only once', async () => {
    const first = await steps();
    assert.deepEqual(
      [first.code, first.done],
      [
        0,
        [
          `${sellerId} destination created`,
          `${sellerId} subscription created`,
          `${otherSeller} subscription created`,
        ],
      ],
      first.stderr,
    );
    const [destination] = world.sandbox.state.destinations;
    assert.equal(destination?.resource.sqs.arn, queueArn);
    const again = await steps();
    assert.deepEqual(
      again.done,
      first.done.map((each) => each.replace('created', 'found')),
    );
    assert.deepEqual(
      again.steps.map(({ id }) => id),
      first.steps.map(({ id }) => id),
    );
    assert.deepEqual(atAmazon(), [1, 2]);
  });

  it('prints the policy that the queue needs, and whether it has it', async () => {
    const { stdout } = await world.run('subscribe', '--dry-run');
    assert.match(
      stdout,
      /does not allow Amazon sqs:SendMessage and sqs:GetQueueAttributes, so no notification will arrive/,
    );
    const policy = JSON.parse(stdout.slice(stdout.indexOf('\n{')));
    assert.equal(policy.Statement[0].Resource, queueArn);
    assert.equal(policy.Statement[0].Principal.AWS, 'arn:aws:iam::437568002678:root');
  });

  it('changes nothing in a dry run, in either direction', async () => {
    assert.deepEqual(
      (await steps('--dry-run')).done.map((each) => each.replace(/^\S+ /, '')),
      ['destination would create', 'subscription would create', 'subscription would create'],
    );
    assert.deepEqual(atAmazon(), [0, 0]);
    await steps();
    assert.deepEqual((await steps('--undo', '--dry-run')).done, [
      `${sellerId} subscription would delete`,
      `${otherSeller} subscription would delete`,
      `${sellerId} destination would delete`,
    ]);
    assert.deepEqual(atAmazon(), [1, 2]);
  });

  it('undoes itself seller by seller, the destination with the last one, and is harmless when repeated', async () => {
    await steps();
    const first = await steps('--undo', '--seller', sellerId);
    assert.deepEqual(first.done, [`${sellerId} subscription deleted`, `${sellerId} destination kept`]);
    assert.match(first.steps[1]?.note ?? '', new RegExp(otherSeller));
    assert.deepEqual((await steps('--undo')).done, [
      `${sellerId} subscription not there`,
      `${otherSeller} subscription deleted`,
      `${sellerId} destination deleted`,
    ]);
    assert.deepEqual(atAmazon(), [0, 0]);
    assert.deepEqual((await steps('--undo')).done.at(-1), `${sellerId} destination not there`);
  });

  it('leaves a subscription with another queue alone, and says so', async () => {
    elsewhere();
    const {
      code,
      done,
      steps: [, second],
    } = await steps();
    assert.deepEqual(
      [code, done[1], done[2]],
      [1, `${sellerId} subscription failed`, `${otherSeller} subscription created`],
    );
    assert.match(second?.note ?? '', /subscribed to another destination, d-other/);
    const undone = await steps('--undo');
    assert.equal(undone.done[0], `${sellerId} subscription kept`);
    assert.deepEqual(
      world.sandbox.state.subscriptions.map((each) => each.subscriptionId),
      ['s-other'],
    );
  });

  it('does not delete a destination that another program made', async () => {
    const resource = { sqs: { arn: queueArn } };
    world.sandbox.state.destinations.push({ destinationId: 'd-1', name: 'by hand', resource });
    await steps();
    const { done } = await steps('--undo');
    assert.equal(done.at(-1), `${sellerId} destination kept`);
    assert.deepEqual(atAmazon(), [1, 0]);
  });

  it('reports a failure of one seller, and continues with the others', async () => {
    world.sandbox.state.faults.answers.set('getSubscription', { status: 403, times: 1 });
    const { code, done, steps: all } = await steps();
    assert.equal(code, 1);
    assert.equal(done.at(-1), `${otherSeller} subscription created`);
    assert.match(
      all[1]?.note ?? '',
      /^SUBSCRIPTION_REFUSED: calling getSubscription for .*Amazon refused \(403.*`sp-reports doctor`/,
    );
    assert.ok(all[1]?.done === 'failed');
  });

  it('refuses a seller that the settings lack', async () => {
    const { code, stderr } = await steps('--seller', 'A9');
    assert.equal(code, 2);
    assert.match(stderr, /no seller "A9" in .*It has: A1TESTSELLER, A2TESTSELLER/);
  });
});

describe('subscribe with several queues', () => {
  it('requires the name of one', async () => {
    const queue = 'https://sqs.us-east-1.amazonaws.com/123456789012/other';
    const world = await makeWorld({ pipelines: [{}, { name: 'second', queue }] });
    try {
      const { code, stderr } = await world.run('subscribe');
      assert.equal(code, 2);
      assert.match(stderr, /several queues.*name one of the pipelines all, second/);
      assert.equal((await world.run('subscribe', 'all')).code, 0);
    } finally {
      await world.close();
    }
  });
});
