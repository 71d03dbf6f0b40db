import fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { LakeError, messageOf } from '../errors.js';
import { wallClock } from './clock.js';
import type { CtrService, Page } from './ctr.js';
import { ServeMetrics } from './metrics.js';
import { openApi } from './openapi.js';
import { problem, problemBody, problemType, wrongParameters, type Problem } from './problem.js';
import { givenInQuery, isMistaken, readRequest, type Given } from './request.js';

const bodyLimitBytes = 16 * 1024;
const requestTimeoutMs = 30_000;
const keepAliveMs = 72_000;
/** Answers that are being made; with more of them, a request is turned away. */
const mostAtOnce = 512;
const json = 'application/json; charset=utf-8';
const routes: Readonly<Record<string, string>> = { '/ctr': 'GET, HEAD, POST', '/health': 'GET, HEAD', '/metrics': 'GET, HEAD', '/openapi.json': 'GET, HEAD' };
const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE'];

export interface ServeOptions {
  /** As answers write them. */
  readonly platforms: readonly string[];
  /** Of the program. */
  readonly version: string;
  /** Told of what went wrong here. */
  readonly failed: (text: string) => void;
}

/** The HTTP side of the service: `/ctr`, `/health`, `/metrics`, `/openapi.json`. It listens when it is told to. */
export function ctrServer(service: CtrService, options: ServeOptions): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyLimitBytes, requestTimeout: requestTimeoutMs, keepAliveTimeout: keepAliveMs, exposeHeadRoutes: false, forceCloseConnections: 'idle',
    // Parameters are read from the address itself.
    routerOptions: { querystringParser: () => ({}) },
    frameworkErrors: (error, _request, reply) => void send(reply, problem(error.statusCode === 414 ? 414 : 400, error.message)),
    clientErrorHandler: (error, socket) => {
      if (!socket.writable) return;
      const found = problem(error.code === 'HPE_HEADER_OVERFLOW' ? 431 : error.code === 'ERR_HTTP_REQUEST_TIMEOUT' ? 408 : 400, 'The request can\'t be read.');
      const body = problemBody(found);
      socket.end(`HTTP/1.1 ${found.status} ${found.title}\r\ncontent-type: ${problemType}\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`);
    },
  });
  const metrics = new ServeMetrics(service);
  let open = 0;
  app.addHook('onRequest', async (request, reply) => {
    open++;
    // Not onResponse: that never comes when the client has gone before its answer.
    reply.raw.once('close', () => {
      open--;
    });
    const refused = refusal(request);
    if (refused !== null) await send(reply, refused);
    else if (open > mostAtOnce) await send(reply, problem(503, 'Too many requests at once: try it again.', { 'retry-after': '1' }));
  });
  app.addHook('onResponse', (request, reply, done) => {
    const path = pathOf(request);
    metrics.count(routes[path] === undefined ? 'other' : path, request.method, reply.statusCode, reply.elapsedTime / 1000);
    done();
  });
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, done) => done(null, body));
  app.addContentTypeParser('*', (_request, payload, done) => {
    payload.resume();
    done(null, undefined);
  });
  app.setErrorHandler((error: Error & { statusCode?: number }, _request, reply) => send(reply, failure(error, options)));
  app.setNotFoundHandler((request, reply) => send(reply, refusal(request) ?? problem(404, 'There is no such address.')));
  for (const method of methods) if (!app.supportedMethods.includes(method)) app.addHttpMethod(method);
  addRoutes(app, service, metrics, options);
  return app;
}

function addRoutes(app: FastifyInstance, service: CtrService, metrics: ServeMetrics, { platforms, version }: ServeOptions): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, given: Given, texts: boolean, mistakes: Parameters<typeof readRequest>[3]): Promise<FastifyReply> => {
    const read = readRequest(given, texts, platforms, mistakes);
    if (isMistaken(read)) return send(reply, wrongParameters(read));
    const found = await service.answer(read);
    return 'status' in found ? send(reply, found) : sendPage(request, reply, found);
  };
  const description = JSON.stringify(openApi(version, platforms));
  app.route({ method: ['GET', 'HEAD'], url: '/ctr', handler: (request, reply) => {
    const { given, mistakes } = givenInQuery(searchOf(request));
    return answer(request, reply, given, true, mistakes);
  } });
  app.post('/ctr', (request, reply) => {
    if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? '')) return send(reply, problem(415, 'The body must be application/json.', { 'accept-post': 'application/json' }));
    if ((request.headers['content-encoding'] ?? 'identity') !== 'identity') return send(reply, problem(415, 'The body must not be packed.', { 'accept-encoding': 'identity' }));
    const inAddress = [...givenInQuery(searchOf(request)).given.keys()].map((parameter) => ({ parameter, detail: 'stands in the address: a POST has its parameters in its body' }));
    const given = givenInBody(typeof request.body === 'string' ? request.body : '');
    return 'status' in given ? send(reply, given) : answer(request, reply, given.given, false, inAddress);
  });
  app.route({ method: ['GET', 'HEAD'], url: '/health', handler: async (_request, reply) => {
    const latest = await service.table.latest();
    const rows = latest?.files.reduce((total, file) => total + (Number.isFinite(file.rows) ? file.rows : 0), 0) ?? 0;
    const newest = Math.max(...(latest?.files ?? []).map(({ bounds }) => bounds?.mostSeconds ?? -Infinity));
    return reply.type(json).header('cache-control', 'no-store').send(JSON.stringify({ status: 'ok', snapshot: latest?.version ?? null, rows, newest: Number.isFinite(newest) ? wallClock(newest) : null, ...(latest === null ? { note: 'nothing has been built yet: ingot run storefront' } : {}) }));
  } });
  app.route({ method: ['GET', 'HEAD'], url: '/metrics', handler: async (_request, reply) => reply.type(metrics.contentType).send(await metrics.text()) });
  app.route({ method: ['GET', 'HEAD'], url: '/openapi.json', handler: (_request, reply) => reply.type(json).send(description) });
}

/** What is wrong with a request's address or method; null: nothing. */
function refusal(request: FastifyRequest): Problem | null {
  const path = pathOf(request);
  const allowed = routes[path];
  if (allowed === undefined) return problem(404, `There is no ${path.slice(0, 200)}: there are ${Object.keys(routes).join(', ')}.`);
  return allowed.split(', ').includes(request.method) ? null : problem(405, `${request.method} is not taken here.`, { allow: allowed });
}

function givenInBody(body: string): { readonly given: Given } | Problem {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch (error) {
    return problem(400, `The body is no JSON: ${messageOf(error)}`);
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return problem(400, 'The body must be a JSON object.');
  return { given: new Map(Object.entries(parsed)) };
}

async function sendPage(request: FastifyRequest, reply: FastifyReply, page: Page): Promise<FastifyReply> {
  reply.headers({ etag: page.etag, 'cache-control': 'no-cache', vary: 'Accept-Encoding', ...(page.next === null ? {} : { link: `<${hostOf(request)}${page.next}>; rel="next"` }) });
  if (request.method !== 'POST' && isKnown(request.headers['if-none-match'], page.etag)) return reply.code(304).send();
  if (page.packed === null || !acceptsGzip(request.headers['accept-encoding'])) return reply.type(json).send(page.body);
  return reply.header('content-encoding', 'gzip').type(json).send(await page.packed());
}

/** As the client wrote it, so that the address of a next page can be taken as it is; empty: it is from the root. */
function hostOf({ headers, protocol }: FastifyRequest): string {
  const { host } = headers;
  return host !== undefined && /^[A-Za-z0-9.-]+(?::\d+)?$|^\[[0-9a-fA-F:.]+\](?::\d+)?$/.test(host) ? `${protocol}://${host}` : '';
}

function isKnown(header: string | undefined, etag: string): boolean {
  return header !== undefined && header.split(',').some((each) => each.trim() === '*' || each.trim().replace(/^W\//, '') === etag.replace(/^W\//, ''));
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  return [header ?? ''].flat().join(',').split(',').some((each) => /^\s*(?:gzip|\*)\s*(?:;\s*q=(?!0(?:\.0*)?\s*$)[\d.]+\s*)?$/i.test(each));
}

/** An answer that is an error. */
function send(reply: FastifyReply, found: Problem): FastifyReply {
  return reply.code(found.status).headers({ ...found.headers, 'cache-control': 'no-store' }).type(problemType).send(problemBody(found));
}

function failure(error: Error & { statusCode?: number }, { failed }: ServeOptions): Problem {
  if (error instanceof LakeError) {
    failed(`${error.message}${error.path === undefined ? '' : ` (${error.path})`}`);
    return problem(503, 'The lake can\'t be read now: the service\'s log says why.', { 'retry-after': '10' });
  }
  const { statusCode = 500 } = error;
  if (statusCode < 500) return problem(statusCode, messageOf(error));
  failed(messageOf(error));
  return problem(500, 'Something went wrong here: the service\'s log says what.');
}

function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?', 1)[0] ?? '';
}

function searchOf(request: FastifyRequest): string {
  const url = request.raw.url ?? '';
  const at = url.indexOf('?');
  return at < 0 ? '' : url.slice(at + 1);
}
