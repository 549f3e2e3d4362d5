import type { Random } from '../../src/sandbox/random.js';
import type { SimulatedProcess } from './process.js';

export type ServiceName = 'amazon' | 'login' | 'documents' | 'queue' | 'database';

/** How a service behaves for a time. */
export type Condition = 'well' | 'slow' | 'silent' | 'failing';

/** How often a request or its answer gets lost, when nothing else is wrong. */
export interface NetworkRates {
  lostRequests: number;
  lostAnswers: number;
}

export interface Sent<T> {
  name: string;
  signal?: AbortSignal | null;
  /** What the program gets instead of an answer. */
  failure: (reason: 'no answer' | 'failing') => unknown;
  /** What the service does, as soon as the request arrives. */
  handle: (answer: (result: () => T) => void) => void;
}

/** The network between the machines and the services. */
export class Network {
  readonly conditions = new Map<ServiceName, Condition>();
  rates: NetworkRates = { lostRequests: 0, lostAnswers: 0 };
  /** Machines that reach nothing. */
  readonly cutOff = new Set<string>();
  /** How many answers got lost: the service did what the program does not know of. */
  lostAnswers = 0;

  constructor(private readonly random: Random) {}

  /** Sends a request; without an answer, it ends with the signal. */
  send<T>(process: SimulatedProcess, service: ServiceName, sent: Sent<T>): Promise<T> {
    const { name, signal, failure, handle } = sent;
    const condition = this.conditions.get(service) ?? 'well';
    const isSilent = condition === 'silent' || this.cutOff.has(process.host.name);
    const latencyMs = this.random.integer(5, 60) * (condition === 'slow' ? 200 : 1);
    const isLost = isSilent || this.random.chance(this.rates.lostRequests);
    const isAnswerLost = this.random.chance(this.rates.lostAnswers);
    process.openRequests += 1;
    return new Promise<T>((resolve, reject) => {
      const giveUp = () => reject(signal?.reason instanceof Error ? failure('no answer') : signal?.reason);
      if (signal?.aborted) return giveUp();
      signal?.addEventListener('abort', giveUp, { once: true });
      const work = (answer: (result: () => T) => void) => {
        if (isLost) return;
        if (condition === 'failing') {
          answer(() => {
            throw failure('failing');
          });
        } else if (isAnswerLost) {
          this.lostAnswers += 1;
          handle(() => {});
        } else handle(answer);
      };
      process
        .request(`${service} ${name}`, latencyMs, work)
        .then(resolve, reject)
        .finally(() => signal?.removeEventListener('abort', giveUp));
    }).finally(() => {
      process.openRequests -= 1;
    });
  }
}
