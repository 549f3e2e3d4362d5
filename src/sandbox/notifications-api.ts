import type { AmazonState, SandboxSubscription } from './amazon.js';
import { type ApiAnswer, refusal } from './answer.js';

/** A destination for notifications of the sandbox's application. */
const base = '/notifications/v1/';

/**
 * Operations that require a token of the application, without a seller's grant. Source: Amazon's
 * model notifications.
 */
export const grantlessOperations: ReadonlySet<string> = new Set([
  'getDestinations',
  'createDestination',
  'deleteDestination',
  'deleteSubscriptionById',
]);

/**
 * Returns Amazon's name of the operation; undefined if the path is not in the Notifications API.
 */
export function notificationsOperation(method: string, path: string): string | undefined {
  if (!path.startsWith(base)) return undefined;
  const [kind, ...ids] = path.slice(base.length).split('/');
  const operations: Record<string, string> = {
    'GET destinations 0': 'getDestinations',
    'POST destinations 0': 'createDestination',
    'DELETE destinations 1': 'deleteDestination',
    'GET subscriptions 1': 'getSubscription',
    'POST subscriptions 1': 'createSubscription',
    'DELETE subscriptions 2': 'deleteSubscriptionById',
  };
  return operations[`${method} ${kind} ${ids.length}`];
}

/** Answers a call of the Notifications API. `thing` is the last part of its path. */
export function answerNotifications(
  operation: string,
  thing: string,
  body: string,
  sellerId: string,
  { destinations, subscriptions, random }: AmazonState,
): ApiAnswer {
  const own = subscriptions.find((each) => each.sellerId === sellerId && each.notificationType === thing);
  const conflict = (message: string) => refusal(409, 'Conflict', message);
  switch (operation) {
    case 'getDestinations':
      return { status: 200, body: { payload: destinations } };
    case 'createDestination': {
      const { name, resourceSpecification } = parsed(body);
      const arn = resourceSpecification?.sqs?.arn;
      if (!name || !/^arn:aws:sqs:\S+:\S+:\S+/.test(arn ?? '')) return invalid;
      if (destinations.some(({ resource }) => resource.sqs.arn === arn))
        return conflict('There is a destination for the queue already.');
      const destination = { name, destinationId: random.uuid(), resource: { sqs: { arn: String(arn) } } };
      destinations.push(destination);
      return { status: 200, body: { payload: destination } };
    }
    case 'deleteDestination':
      if (subscriptions.some(({ destinationId }) => destinationId === thing))
        return conflict('The destination has subscriptions.');
      return removed(destinations, ({ destinationId }) => destinationId === thing);
    case 'getSubscription':
      return own ? { status: 200, body: { payload: bodyOf(own) } } : missing;
    case 'createSubscription': {
      const { destinationId, payloadVersion } = parsed(body);
      if (payloadVersion !== '1.0' || !destinations.some((each) => each.destinationId === destinationId))
        return invalid;
      if (own) return conflict('The seller is subscribed already.');
      const ids = { subscriptionId: random.uuid(), destinationId: String(destinationId) };
      const made = { sellerId, notificationType: thing, payloadVersion, ...ids };
      subscriptions.push(made);
      return { status: 200, body: { payload: bodyOf(made) } };
    }
    default:
      return removed(subscriptions, ({ subscriptionId }) => subscriptionId === thing);
  }
}

const invalid = refusal(400, 'InvalidInput', 'The request body is not valid.');
const missing = refusal(404, 'NotFound', "The resource doesn't exist.");

function bodyOf({ subscriptionId, destinationId, payloadVersion }: SandboxSubscription): object {
  return { subscriptionId, destinationId, payloadVersion };
}

function removed<T>(from: T[], isIt: (each: T) => boolean): ApiAnswer {
  const index = from.findIndex(isIt);
  if (index < 0) return missing;
  from.splice(index, 1);
  return { status: 200, body: {} };
}

interface RequestBody {
  name?: string;
  resourceSpecification?: { sqs?: { arn?: string } };
  destinationId?: string;
  payloadVersion?: string;
}

function parsed(body: string): RequestBody {
  try {
    return JSON.parse(body) ?? {};
  } catch {
    return {};
  }
}
