import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Warehouse } from '../../warehouse/types.js';
import type { Access, Refusal } from './access.js';
import { BadRequest, objectIn, sendJson, sendText } from './answers.js';
import { runQuery, consoleLimits } from './console.js';
import { notReadyFor } from '../health.js';
import type { Metrics } from '../metrics.js';
import type { Polled } from '../polled.js';
import type { DrawnPicture } from '../read-pictures.js';
import type { NamedRelation } from '../relations.js';
import type { PageApi } from './page-api.js';
import type { PageFile } from './page-files.js';
import type { Reloads } from './reloads.js';
import type { StatusSnapshot } from '../types.js';

/** What the routes need for their answers. */
export interface RouteTools {
  readSnapshot: () => Promise<StatusSnapshot>;
  readRelations: () => Promise<NamedRelation[]>;
  readPictures: () => Promise<Polled<DrawnPicture[]>>;
  metrics: Pick<Metrics, 'contentType' | 'text'>;
  /** For queries; it yields to all other work. */
  warehouse: Warehouse;
  /** Makes the views of the settings as their files say now, before a query reads them. */
  readViews: () => Promise<unknown>;
  reloads: Pick<Reloads, 'add' | 'jobs'>;
  access: Access;
  page: Map<string, PageFile>;
}

/** A request that has arrived whole. */
interface WholeRequest {
  request: IncomingMessage;
  url: URL;
  body: string;
}

interface Route {
  /** Whether it needs no token. */
  isOpen?: boolean;
  /** Whether machines watch the program by it: it is answered while other requests must wait. */
  isHealth?: boolean;
  answer(asked: WholeRequest, response: ServerResponse, tools: RouteTools): Promise<void> | void;
  /** Present if a refused request gets more than the reason. */
  refused?(response: ServerResponse, refusal: Refusal): void;
}

/** Limit of queries that wait for each other; more are refused. */
const maxQueries = 8;
let queries = 0;

/** Routes by method and path. */
export const routes: Record<string, Route> = {
  'GET /healthz': {
    isOpen: true,
    isHealth: true,
    answer: (_asked, response) => sendText(response, 200, 'ok\n'),
  },
  'GET /readyz': {
    isOpen: true,
    isHealth: true,
    async answer(_asked, response, { readSnapshot }) {
      const codes = notReadyFor(await readSnapshot());
      sendJson(response, { ready: codes.length === 0, problems: codes }, codes.length === 0 ? 200 : 503);
    },
  },
  'GET /metrics': {
    isHealth: true,
    async answer(_asked, response, { metrics }) {
      sendText(response, 200, await metrics.text(), metrics.contentType);
    },
  },
  'GET /': {
    isOpen: true,
    answer({ request, url }, response, { access, page }) {
      const token = url.searchParams.get('token');
      if (token !== null) return logIn(token, request, response, access, page);
      const refusal = access.refusal(request);
      if (refusal?.status === 403) return sendText(response, 403, `${refusal.message}\n`);
      if (refusal) return sendLogin(response, page);
      const { text, type } = fileOf(page, '/index.html');
      sendText(response, 200, text, type);
    },
  },
  'POST /login': {
    isOpen: true,
    answer({ request, body }, response, { access, page }) {
      const token = new URLSearchParams(body).get('token') ?? '';
      logIn(token, request, response, access, page);
    },
  },
  'POST /logout': {
    answer(_asked, response, { access }) {
      response.setHeader('set-cookie', access.farewellCookie);
      seeOther(response, '/');
    },
  },
  'GET /api/status': {
    async answer(_asked, response, { readSnapshot, access }) {
      const snapshot = await readSnapshot();
      sendAnswer<'/api/status'>(response, { ...snapshot, hasToken: access.hasToken, consoleLimits });
    },
  },
  'GET /api/relations': {
    async answer(_asked, response, { readRelations }) {
      sendAnswer<'/api/relations'>(response, await readRelations());
    },
  },
  'GET /api/pictures': {
    async answer(_asked, response, { readPictures }) {
      sendAnswer<'/api/pictures'>(response, await readPictures());
    },
  },
  'POST /api/query': {
    async answer({ request, body }, response, { warehouse, readViews }) {
      const { sql } = objectIn(body, request);
      if (typeof sql !== 'string') throw new BadRequest('`sql` is missing');
      if (queries >= maxQueries) throw new BadRequest('too many queries are waiting', 429);
      const gone = new AbortController();
      response.on('close', () => gone.abort());
      queries += 1;
      try {
        await readViews();
        sendAnswer<'/api/query'>(response, await runQuery(warehouse, sql, gone.signal));
      } finally {
        queries -= 1;
      }
    },
  },
  'POST /api/reload': {
    async answer({ request, body }, response, { reloads }) {
      const { key, quarantined } = objectIn(body, request);
      const wanted =
        typeof key === 'string' ? { key } : quarantined === true ? { quarantined: true as const } : undefined;
      if (!wanted) throw new BadRequest('`key` is missing');
      sendAnswer<'/api/reload'>(response, await reloads.add(wanted), 202);
    },
  },
  'GET /api/reloads': {
    answer: (_asked, response, { reloads }) => sendAnswer<'/api/reloads'>(response, reloads.jobs()),
  },
};

/** Sends the page an answer of the type that its JavaScript is checked against. */
function sendAnswer<Path extends keyof PageApi>(
  response: ServerResponse,
  answer: PageApi[Path]['answer'],
  status?: number,
): void {
  sendJson(response, answer, status);
}

function fileOf(page: Map<string, PageFile>, path: string): PageFile {
  const file = page.get(path);
  if (!file) throw new Error(`the page has no ${path}`);
  return file;
}

/** Sends the login page; `isWrong` shows that the token was wrong. */
function sendLogin(response: ServerResponse, page: Map<string, PageFile>, { isWrong = false } = {}): void {
  const { text, type } = fileOf(page, '/login.html');
  if (isWrong) sendText(response, 401, text.replace(' hidden>', '>'), type);
  else sendText(response, 200, text, type);
}

/** Redirects, so that the token disappears from the address bar and the history at once. */
function logIn(
  token: string,
  request: IncomingMessage,
  response: ServerResponse,
  access: Access,
  page: Map<string, PageFile>,
): void {
  if (!access.hasToken) return seeOther(response, '/');
  const cookie = access.cookieFor(token, request);
  if (!cookie) return sendLogin(response, page, { isWrong: true });
  response.setHeader('set-cookie', cookie);
  seeOther(response, '/');
}

function seeOther(response: ServerResponse, location: string): void {
  response.setHeader('location', location);
  sendText(response, 303, '');
}
