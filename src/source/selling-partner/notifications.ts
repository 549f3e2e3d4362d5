import { ReportsError } from '../../errors/reports-error.js';
import type { CallOptions, Destination, Notifications } from '../types.js';
import {
  type ApiDestination,
  apiDestinationAnswer,
  apiDestinationsAnswer,
  apiNothing,
  apiSubscriptionAnswer,
} from './answers.js';
import { type ApiCall, type ApiOptions, type CallApi, openApi } from './call-api.js';

const notificationType = 'REPORT_PROCESSING_FINISHED';

/**
 * The only version of the type. Processing directives only filter other types, so there is none.
 */
const payloadVersion = '1.0';

const base = '/notifications/v1';
const subscriptionPath = `${base}/subscriptions/${notificationType}`;
const destinationsPath = `${base}/destinations`;

/**
 * Opens the Notifications API for one seller.
 * Errors: LOGIN_REFUSED, SUBSCRIPTION_REFUSED, API_QUOTA_EXCEEDED, API_UNAVAILABLE,
 * API_UNREACHABLE.
 * Source: Amazon's model notifications.
 */
export function openNotifications(options: ApiOptions): Notifications {
  const asSeller = withSubscriptionErrors(openApi(options));
  // Destinations belong to the application, and so does deleting subscriptions.
  const asApplication = withSubscriptionErrors(openApi({ ...options, grantless: true }));

  return {
    async subscription(call) {
      const about = { ...call, operation: 'getSubscription' as const, path: subscriptionPath };
      const answer = await unlessGone(asSeller({ ...about, thing: notificationType }, apiSubscriptionAnswer));
      return answer?.payload;
    },

    async subscribe(destinationId, call) {
      const about = { ...call, operation: 'createSubscription' as const, path: subscriptionPath };
      const body = JSON.stringify({ payloadVersion, destinationId });
      return (await asSeller({ ...about, thing: notificationType, body }, apiSubscriptionAnswer)).payload;
    },

    unsubscribe: (id, call) =>
      remove(asApplication, `${subscriptionPath}/${encodeURIComponent(id)}`, {
        ...call,
        operation: 'deleteSubscriptionById',
        thing: `subscription ${id}`,
      }),

    async destinations(call) {
      const about = { ...call, operation: 'getDestinations' as const, path: destinationsPath };
      const { payload } = await asApplication({ ...about, thing: 'destinations' }, apiDestinationsAnswer);
      return payload.map(toDestination);
    },

    async createDestination({ name, queueArn }, call) {
      const about = { ...call, operation: 'createDestination' as const, path: destinationsPath };
      const body = JSON.stringify({ name, resourceSpecification: { sqs: { arn: queueArn } } });
      return toDestination(
        (await asApplication({ ...about, thing: queueArn, body }, apiDestinationAnswer)).payload,
      );
    },

    deleteDestination: (id, call) =>
      remove(asApplication, `${destinationsPath}/${encodeURIComponent(id)}`, {
        ...call,
        operation: 'deleteDestination',
        thing: `destination ${id}`,
      }),
  };
}

async function remove(
  callApi: CallApi,
  path: string,
  call: CallOptions & Pick<ApiCall, 'operation' | 'thing'>,
): Promise<void> {
  await unlessGone(callApi({ ...call, method: 'DELETE', path }, apiNothing));
}

/** Undefined if Amazon has no such thing. */
async function unlessGone<T>(answer: Promise<T>): Promise<T | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ReportsError && error.code === 'API_NOT_FOUND') return undefined;
    throw error;
  }
}

/** A refusal here concerns the subscription, not a report. */
function withSubscriptionErrors(callApi: CallApi): CallApi {
  return async (call, schema) => {
    try {
      return await callApi(call, schema);
    } catch (error) {
      const isRefusal =
        error instanceof ReportsError &&
        (error.code === 'API_ACCESS_DENIED' || error.code === 'API_REQUEST_REFUSED');
      throw isRefusal ? new ReportsError('SUBSCRIPTION_REFUSED', error.details, { cause: error }) : error;
    }
  };
}

function toDestination({ destinationId, name, resource }: ApiDestination): Destination {
  return { destinationId, name, queueArn: resource.sqs?.arn };
}
