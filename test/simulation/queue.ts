import type { Random } from '../../src/sandbox/random.js';
import type { EventLoop } from './event-loop.js';
import type { Network } from './network.js';
import type { SimulatedProcess } from './process.js';

export interface SimulatedMessage {
  id: string;
  body: string;
  sentMs: number;
  visibleAtMs: number;
  receiveCount: number;
  receipt: string | undefined;
  /** The key of what it is about, for the oracle. */
  about: string;
}

export interface QueueRates {
  /** How often a message is delivered although it is hidden, or was just deleted. */
  duplicates: number;
}

/** A standard queue of SQS: at least once, in any order. */
export class SimulatedQueue {
  readonly messages = new Map<string, SimulatedMessage>();
  readonly dead: SimulatedMessage[] = [];
  rates: QueueRates = { duplicates: 0 };
  /** Receives after which a message is moved to the dead-letter queue; undefined without one. */
  maxReceiveCount: number | undefined;
  onDeleted: (message: SimulatedMessage) => void = () => {};

  private readonly receipts = new Map<string, SimulatedMessage>();

  constructor(
    private readonly loop: EventLoop,
    private readonly random: Random,
    private readonly network: Network,
  ) {}

  send(body: string, about: string, delayMs = 0): void {
    const id = this.random.uuid();
    const { nowMs } = this.loop;
    const message = { id, body, sentMs: nowMs, visibleAtMs: nowMs + delayMs, receiveCount: 0, about };
    this.messages.set(id, { ...message, receipt: undefined });
  }

  /** The module `@aws-sdk/client-sqs` for a process. */
  client(process: SimulatedProcess): Record<string, unknown> {
    const queue = this;
    class Command {
      constructor(readonly input: Record<string, unknown>) {}
    }
    const commands = Object.fromEntries(
      Object.keys(this.operations).map((name) => [
        `${name}Command`,
        { [name]: class extends Command {} }[name],
      ]),
    );
    class SQSClient {
      readonly config = { credentials: async () => ({ secretAccessKey: 'secret' }) };
      readonly middlewareStack = { add() {} };
      destroy() {}
      send(command: Command, { abortSignal }: { abortSignal?: AbortSignal } = {}) {
        const name = command.constructor.name as keyof SimulatedQueue['operations'];
        return queue.network.send(process, 'queue', {
          name,
          signal: abortSignal,
          failure: (reason) =>
            Object.assign(new Error(reason), {
              name: reason === 'no answer' ? 'AbortError' : 'ServiceUnavailable',
            }),
          handle: (answer) => queue.operations[name](command.input as never, answer as never),
        });
      }
    }
    return { ...commands, SQSClient };
  }

  private readonly operations = {
    GetQueueAttributes: (_input: object, answer: Answer<object>) =>
      answer(() => ({
        Attributes: this.maxReceiveCount
          ? { RedrivePolicy: JSON.stringify({ maxReceiveCount: this.maxReceiveCount }) }
          : {},
      })),

    ReceiveMessage: (input: ReceiveInput, answer: Answer<object>) => {
      const untilMs = this.loop.nowMs + input.WaitTimeSeconds * 1000;
      const attempt = () => {
        const found = this.takeVisible(input.MaxNumberOfMessages, input.VisibilityTimeout * 1000);
        if (found.length === 0 && this.loop.nowMs < untilMs) this.loop.after(1000, attempt);
        else answer(() => ({ Messages: found.map(described) }));
      };
      attempt();
    },

    DeleteMessage: ({ ReceiptHandle }: ReceiptInput, answer: Answer<object>) => {
      const message = this.receipts.get(ReceiptHandle);
      if (message && this.messages.has(message.id)) {
        this.loop.note(`deleted ${message.about}`);
        this.onDeleted(message);
        if (!this.random.chance(this.rates.duplicates)) this.messages.delete(message.id);
      }
      answer(() => ({}));
    },

    ChangeMessageVisibility: (input: VisibilityInput, answer: Answer<object>) => {
      this.hide(input);
      answer(() => ({}));
    },

    ChangeMessageVisibilityBatch: ({ Entries }: { Entries: VisibilityInput[] }, answer: Answer<object>) => {
      for (const each of Entries) this.hide(each);
      answer(() => ({ Failed: [] }));
    },
  };

  private hide({ ReceiptHandle, VisibilityTimeout }: VisibilityInput): void {
    const message = this.receipts.get(ReceiptHandle);
    if (message?.receipt === ReceiptHandle) message.visibleAtMs = this.loop.nowMs + VisibilityTimeout * 1000;
  }

  private takeVisible(max: number, hiddenMs: number): SimulatedMessage[] {
    const found: SimulatedMessage[] = [];
    const visible = [...this.messages.values()].filter(
      ({ visibleAtMs }) => visibleAtMs <= this.loop.nowMs || this.random.chance(this.rates.duplicates / 10),
    );
    while (found.length < max && visible.length > 0) {
      const [message] = visible.splice(this.random.integer(0, visible.length - 1), 1);
      if (!message) break;
      if (this.maxReceiveCount !== undefined && message.receiveCount >= this.maxReceiveCount) {
        this.messages.delete(message.id);
        this.dead.push(message);
        continue;
      }
      message.receiveCount += 1;
      message.visibleAtMs = this.loop.nowMs + hiddenMs;
      message.receipt = this.random.uuid();
      this.receipts.set(message.receipt, message);
      found.push({ ...message });
    }
    return found;
  }
}

type Answer<T> = (result: () => T) => void;

interface ReceiveInput {
  MaxNumberOfMessages: number;
  WaitTimeSeconds: number;
  VisibilityTimeout: number;
}

interface ReceiptInput {
  ReceiptHandle: string;
}

type VisibilityInput = ReceiptInput & { VisibilityTimeout: number };

function described({ id, receipt, body, receiveCount, sentMs }: SimulatedMessage): object {
  return {
    MessageId: id,
    ReceiptHandle: receipt,
    Body: body,
    Attributes: { ApproximateReceiveCount: String(receiveCount), SentTimestamp: String(Math.floor(sentMs)) },
  };
}
