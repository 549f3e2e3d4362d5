import type { ServerResponse } from 'node:http';

/** Status and JSON body of an answer of the Selling Partner API. */
export interface Answer {
  status: number;
  body: object;
}

/** Returns a refusal in Amazon's format. Source: ErrorList of Amazon's models. */
export function refusal(status: number, code: string, message: string, details = ''): Answer {
  return { status, body: { errors: [{ code, message, details }] } };
}

/** Sends an answer, with the rate of the usage plan if the operation has one. */
export function send(response: ServerResponse, { status, body }: Answer, callsPerSecond?: number): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    ...(callsPerSecond === undefined ? {} : { 'x-amzn-RateLimit-Limit': String(callsPerSecond) }),
  });
  response.end(JSON.stringify(body));
}
