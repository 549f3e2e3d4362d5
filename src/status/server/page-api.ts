import type { Polled } from '../polled.js';
import type { DrawnPicture } from '../read-pictures.js';
import type { NamedRelation } from '../relations.js';
import type { StatusSnapshot } from '../types.js';
import type { ConsoleResult, consoleLimits } from './console.js';
import type { ReloadJob, ReloadRequest } from './reloads.js';

/**
 * The requests of the status page, by path: the body, if it is a POST, and the answer. The routes
 * and the JavaScript of the page are both checked against it.
 */
export interface PageApi {
  '/api/status': { body?: undefined; answer: PageSnapshot };
  '/api/relations': { body?: undefined; answer: NamedRelation[] };
  '/api/pictures': { body?: undefined; answer: Polled<DrawnPicture[]> };
  '/api/query': { body: { sql: string }; answer: ConsoleResult };
  '/api/reload': { body: ReloadRequest; answer: ReloadJob };
  '/api/reloads': { body?: undefined; answer: ReloadJob[] };
}

export interface PageSnapshot extends StatusSnapshot {
  /** Whether the page is protected by a token, so that there is something to log out of. */
  hasToken: boolean;
  consoleLimits: typeof consoleLimits;
}

/** An error as the page shows it. */
export interface PageError {
  code: string;
  message: string;
  remedy?: string;
}
