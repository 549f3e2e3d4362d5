/**
 * The AWS account from which Amazon sends notifications. Source: Selling Partner API documentation,
 * "Set up notifications (Amazon SQS workflow)".
 */
export const amazonsAccount = '437568002678';

const neededActions = ['sqs:SendMessage', 'sqs:GetQueueAttributes'] as const;

/** Returns the access policy that lets Amazon send to a queue. */
export function policyForAmazon(queueArn: string): object {
  return {
    Version: '2012-10-17',
    Statement: [
      {
        Sid: 'SellingPartnerNotifications',
        Effect: 'Allow',
        Principal: { AWS: `arn:aws:iam::${amazonsAccount}:root` },
        Action: [...neededActions],
        Resource: queueArn,
      },
    ],
  };
}

/**
 * Returns the actions that Amazon's account needs and a queue's access policy does not allow.
 * Conditions are assumed to be met: only a message from Amazon would show whether they are.
 */
export function actionsKeptFromAmazon(policy: string | undefined, queueArn: string): string[] {
  const statements = statementsOf(policy);
  const says = (effect: string, action: string) =>
    statements.some(
      (each) =>
        each.Effect === effect &&
        listOf(principals(each.Principal)).some(isAmazon) &&
        listOf(each.Action).some((pattern) => fits(pattern.toLowerCase(), action.toLowerCase())) &&
        (each.Resource === undefined || listOf(each.Resource).some((pattern) => fits(pattern, queueArn))) &&
        // A denial with a condition, for example of everything without TLS, usually doesn't apply.
        !(effect === 'Deny' && each.Condition !== undefined),
    );
  return neededActions.filter((action) => !says('Allow', action) || says('Deny', action));
}

interface Statement {
  Effect?: unknown;
  Principal?: unknown;
  Action?: unknown;
  Resource?: unknown;
  Condition?: unknown;
}

function statementsOf(policy: string | undefined): Statement[] {
  try {
    const { Statement = [] } = JSON.parse(policy || '{}') as { Statement?: Statement | Statement[] };
    return [Statement].flat();
  } catch {
    return [];
  }
}

function principals(principal: unknown): unknown {
  return typeof principal === 'object' && principal !== null
    ? (principal as { AWS?: unknown }).AWS
    : principal;
}

function isAmazon(principal: string): boolean {
  return ['*', amazonsAccount, `arn:aws:iam::${amazonsAccount}:root`].includes(principal);
}

function listOf(value: unknown): string[] {
  return [value].flat().filter((each) => typeof each === 'string');
}

/** Matches with the wildcards of AWS. */
function fits(pattern: string, text: string): boolean {
  const source = pattern
    .replace(/[^\w*?]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`).test(text);
}
