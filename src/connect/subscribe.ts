import { describeError, ReportsError } from '../errors/reports-error.js';
import type { Destination, Notifications } from '../source/types.js';

/**
 * A seller to subscribe. Sellers of one group share the application and the region, and so the
 * destinations.
 */
export interface Subscriber {
  sellerId: string;
  group: string;
  notifications: Notifications;
}

/** What was done, or would be done, about one thing. */
export interface SubscribeStep {
  sellerId: string;
  thing: 'destination' | 'subscription';
  done: 'created' | 'found' | 'deleted' | 'kept' | 'not there' | 'failed' | 'would create' | 'would delete';
  /** Absent if there is none yet. */
  id?: string;
  note?: string;
}

export interface SubscribeOptions {
  queueArn: string;
  /** Reports what would be done, and does nothing. */
  dryRun: boolean;
}

/**
 * Subscribes sellers to REPORT_PROCESSING_FINISHED on a queue. It creates the destination and the
 * subscriptions that are missing, so it is idempotent. A seller's failure is a failed step and does
 * not affect the others.
 */
export async function subscribe(
  subscribers: Subscriber[],
  { queueArn, dryRun }: SubscribeOptions,
): Promise<SubscribeStep[]> {
  const steps: SubscribeStep[] = [];
  /** By group, once known. */
  const known = new Map<string, string>();
  for (const { sellerId, group, notifications } of subscribers) {
    await asSteps(sellerId, steps, async () => {
      const thing = 'destination';
      let id = known.get(group);
      if (id === undefined) {
        id = (await destinationOf(notifications, queueArn))?.destinationId;
        const done = id ? 'found' : dryRun ? 'would create' : 'created';
        if (done === 'created') id = await createDestination(notifications, queueArn);
        known.set(group, id ?? '');
        steps.push({ sellerId, thing, done, id });
      }
      steps.push({
        sellerId,
        thing: 'subscription',
        ...(await subscribeOne(notifications, id ?? '', dryRun)),
      });
    });
  }
  return steps;
}

/**
 * Deletes the sellers' subscriptions on the queue, then the destination, if `subscribe` made it and
 * none of `others`, the sellers that remain, uses it.
 */
export async function unsubscribe(
  subscribers: Subscriber[],
  others: Subscriber[],
  { queueArn, dryRun }: SubscribeOptions,
): Promise<SubscribeStep[]> {
  const steps: SubscribeStep[] = [];
  for (const group of new Set(subscribers.map((each) => each.group))) {
    const members = subscribers.filter((each) => each.group === group);
    const [first] = members;
    if (!first) continue;
    await asSteps(first.sellerId, steps, async () => {
      const destination = await destinationOf(first.notifications, queueArn);
      for (const { sellerId, notifications } of members) {
        await asSteps(sellerId, steps, async () => {
          const found = await notifications.subscription({});
          const isHere = found !== undefined && found.destinationId === destination?.destinationId;
          if (isHere && !dryRun) await notifications.unsubscribe(found.subscriptionId, {});
          steps.push({
            sellerId,
            thing: 'subscription',
            done: isHere ? (dryRun ? 'would delete' : 'deleted') : found ? 'kept' : 'not there',
            id: found?.subscriptionId,
            note: found && !isHere ? 'it goes to another queue' : undefined,
          });
        });
      }
      if (!destination) {
        steps.push({ sellerId: first.sellerId, thing: 'destination', done: 'not there' });
        return;
      }
      const hasFailed = ({ sellerId }: Subscriber) =>
        steps.some((step) => step.sellerId === sellerId && step.done === 'failed');
      const staying = [...members.filter(hasFailed), ...others.filter((each) => each.group === group)];
      const note = await reasonToKeep(destination, staying);
      if (!note && !dryRun) await first.notifications.deleteDestination(destination.destinationId, {});
      steps.push({
        sellerId: first.sellerId,
        thing: 'destination',
        done: note ? 'kept' : dryRun ? 'would delete' : 'deleted',
        id: destination.destinationId,
        note,
      });
    });
  }
  return steps;
}

/** Marks a destination as one that may be deleted again. */
const ownName = (queueArn: string) => `sp-reports ${queueArn.split(':').at(-1)}`;

async function destinationOf(
  notifications: Notifications,
  queueArn: string,
): Promise<Destination | undefined> {
  return (await notifications.destinations({})).find((each) => each.queueArn === queueArn);
}

async function createDestination(notifications: Notifications, queueArn: string): Promise<string> {
  const { destinationId } = await notifications.createDestination({ name: ownName(queueArn), queueArn }, {});
  return destinationId;
}

async function subscribeOne(
  notifications: Notifications,
  destinationId: string,
  dryRun: boolean,
): Promise<Pick<SubscribeStep, 'done' | 'id' | 'note'>> {
  const found = await notifications.subscription({});
  if (!found) {
    if (dryRun) return { done: 'would create' };
    return { done: 'created', id: (await notifications.subscribe(destinationId, {})).subscriptionId };
  }
  const id = found.subscriptionId;
  if (found.destinationId === destinationId) return { done: 'found', id };
  // Amazon keeps one subscription per seller: another program may depend on it.
  const note = `the seller is subscribed to another destination, ${found.destinationId}. If nothing needs it, delete that subscription with the program that created it, then run this again`;
  return { done: 'failed', id, note };
}

async function reasonToKeep(destination: Destination, staying: Subscriber[]): Promise<string | undefined> {
  if (destination.name !== ownName(destination.queueArn ?? '')) return 'another program created it';
  for (const { sellerId, notifications } of staying) {
    const found = await notifications.subscription({});
    if (found?.destinationId === destination.destinationId)
      return `the subscription of seller ${sellerId} uses it`;
  }
  return undefined;
}

async function asSteps(sellerId: string, steps: SubscribeStep[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof ReportsError)) throw error;
    steps.push({
      sellerId,
      thing: 'subscription',
      done: 'failed',
      note: `${error.code}: ${describeError(error)}. ${error.remedy}`,
    });
  }
}
