import type { ServerResponse } from 'node:http';
import { withoutUndefined } from '../runtime/without-undefined.js';

/** Status and JSON body of an answer of the Selling Partner API. */
export interface ApiAnswer {
  status: number;
  body: object;
}

/** Returns a refusal in Amazon's format. Source: ErrorList of Amazon's models. */
export function refusal(status: number, code: string, message: string, details = ''): ApiAnswer {
  return { status, body: { errors: [{ code, message, details }] } };
}

/** Sends an answer, with the rate of the usage plan if the operation has one. */
export function send(response: ServerResponse, { status, body }: ApiAnswer, callsPerSecond?: number): void {
  const headers = withoutUndefined({
    'content-type': 'application/json',
    'x-amzn-RateLimit-Limit': callsPerSecond?.toString(),
  });
  response.writeHead(status, headers);
  response.end(JSON.stringify(body));
}
