import assert from 'node:assert/strict';
import { actionsKeptFromAmazon, policyForAmazon } from '../../src/connect/queue-policy.js';

const arn = 'arn:aws:sqs:eu-west-1:123456789012:reports';
const needed = ['sqs:SendMessage', 'sqs:GetQueueAttributes'];
const allow = { Effect: 'Allow', Principal: { AWS: '437568002678' }, Action: needed, Resource: arn };
const keptBy = (...Statement: object[]) => actionsKeptFromAmazon(JSON.stringify({ Statement }), arn);

describe('the access policy of a queue', () => {
  it('passes the check if it is the one that the program prints', () => {
    assert.deepEqual(actionsKeptFromAmazon(JSON.stringify(policyForAmazon(arn)), arn), []);
  });

  it('lets Amazon send by account, by ARN, by wildcards, and beside other statements', () => {
    const other = { Effect: 'Allow', Principal: { AWS: '111111111111' }, Action: 'sqs:*', Resource: arn };
    for (const change of [
      {},
      { Principal: { AWS: ['111111111111', 'arn:aws:iam::437568002678:root'] } },
      { Principal: '*' },
      { Action: 'SQS:*' },
      { Resource: 'arn:aws:sqs:*:123456789012:rep*' },
    ]) {
      assert.deepEqual(keptBy(other, { ...allow, ...change }), [], JSON.stringify(change));
    }
  });

  it('keeps Amazon out if it is missing, damaged, or for another principal or queue', () => {
    assert.deepEqual(actionsKeptFromAmazon(undefined, arn), needed);
    assert.deepEqual(actionsKeptFromAmazon('{', arn), needed);
    assert.deepEqual(keptBy({ ...allow, Principal: { AWS: '111111111111' } }), needed);
    assert.deepEqual(keptBy({ ...allow, Resource: `${arn}-dead` }), needed);
    assert.deepEqual(keptBy({ ...allow, Action: 'sqs:SendMessage' }), ['sqs:GetQueueAttributes']);
  });

  it('keeps Amazon out by a denial, unless the denial has a condition', () => {
    const deny = { ...allow, Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage' };
    assert.deepEqual(keptBy(allow, deny), ['sqs:SendMessage']);
    assert.deepEqual(keptBy(allow, { ...deny, Condition: { Bool: { 'aws:SecureTransport': 'false' } } }), []);
  });
});
