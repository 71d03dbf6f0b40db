import { defaultLimit, longestProduct, mostBuckets, mostLimit, mostMinutes } from './request.js';

const time = { type: 'string', pattern: '^\\d{4}-\\d{2}-\\d{2} \\d{2}:\\d{2}:\\d{2}$', description: 'A wall-clock time of GMT-03:00 that exists.', examples: ['2016-01-03 13:55:00'] };

/** What a request has, by name. */
function requestProperties(platforms: readonly string[]) {
  return {
    startTimestamp: { ...time, description: `${time.description} Included; buckets begin there.` },
    endTimestamp: { ...time, description: `${time.description} Not included; after startTimestamp, by at most ${mostBuckets} buckets.` },
    aggregation: { type: 'integer', minimum: 1, maximum: mostMinutes, description: 'Minutes of a bucket.' },
    product: { type: 'string', minLength: 1, maxLength: longestProduct, description: 'Only this product; without it, rows of each.' },
    platform: { type: 'string', description: `Only this platform, case aside: ${platforms.join(', ')}. Without it, rows of each.`, examples: [platforms[0]] },
    limit: { type: 'integer', minimum: 1, maximum: mostLimit, default: defaultLimit, description: 'Rows of a page.' },
    cursor: { type: 'string', description: 'Of the next page, as the Link header gives it.' },
  };
}

const required = ['startTimestamp', 'endTimestamp', 'aggregation'];

const row = {
  type: 'object',
  required: ['startTimestamp', 'platform', 'product', 'ctr', 'purchases', 'productViews'],
  properties: {
    startTimestamp: { ...time, description: 'When the bucket begins, GMT-03:00.' },
    platform: { type: 'string' },
    product: { type: 'string' },
    ctr: { type: ['number', 'null'], description: 'Purchases for each product view, with four digits, half up; null when there was a purchase and no view.' },
    purchases: { type: 'integer', minimum: 0 },
    productViews: { type: 'integer', minimum: 0 },
  },
};

const problemSchema = {
  type: 'object',
  required: ['type', 'title', 'status', 'detail'],
  properties: {
    type: { type: 'string' }, title: { type: 'string' }, status: { type: 'integer' }, detail: { type: 'string' },
    parameter: { type: 'string', description: 'The first wrong parameter.' },
    errors: { type: 'array', items: { type: 'object', required: ['parameter', 'detail'], properties: { parameter: { type: 'string' }, detail: { type: 'string' } } } },
  },
};

function failed(description: string) {
  return { description, content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } } };
}

function answers() {
  return {
    200: {
      description: 'Rows by platform, product and time; buckets without views and purchases are left out.',
      headers: {
        Link: { description: 'The address of the next page, rel="next"; not with the last one.', schema: { type: 'string' } },
        ETag: { description: 'Changes with the data and with the request.', schema: { type: 'string' } },
      },
      content: { 'application/json': { schema: { type: 'array', items: { $ref: '#/components/schemas/Row' } } } },
    },
    304: { description: 'As If-None-Match says.' },
    400: failed('A parameter is wrong, missing, unknown or given twice; `parameter` names it.'),
    410: failed('The pages of this cursor are gone: ask for the first one again.'),
    503: failed('Nothing to answer from yet, or too many requests: Retry-After says when.'),
  };
}

/** The service's description, OpenAPI 3.1. */
export function openApi(version: string, platforms: readonly string[]): object {
  const properties = requestProperties(platforms);
  return {
    openapi: '3.1.0',
    info: { title: 'CTR service', version, description: 'Purchases for each view of a product, by platform, product and time.' },
    paths: {
      '/ctr': {
        get: {
          summary: 'CTR by platform, product and time',
          parameters: Object.entries(properties).map(([name, { description, ...schema }]) => ({ name, in: 'query', required: required.includes(name), description, schema })),
          responses: answers(),
        },
        post: {
          summary: 'The same with a JSON body',
          requestBody: { required: true, content: { 'application/json': { schema: { type: 'object', required, properties, additionalProperties: false } } } },
          responses: { ...answers(), 413: failed('The body is larger than 16 KiB.'), 415: failed('The body is no application/json.') },
        },
      },
      '/health': { get: { summary: 'Whether the service can answer', responses: { 200: { description: 'It can.', content: { 'application/json': { schema: { type: 'object', required: ['status'], properties: { status: { type: 'string' }, snapshot: { type: ['integer', 'null'] }, rows: { type: 'integer' }, newest: { type: ['string', 'null'], description: 'The newest second with views or purchases, GMT-03:00.' } } } } } }, 503: failed('The lake can\'t be read.') } } },
      '/metrics': { get: { summary: 'Figures for Prometheus', responses: { 200: { description: 'Text.', content: { 'text/plain': { schema: { type: 'string' } } } } } } },
      '/openapi.json': { get: { summary: 'This description', responses: { 200: { description: 'OpenAPI.', content: { 'application/json': { schema: { type: 'object' } } } } } } },
    },
    components: { schemas: { Row: row, Problem: problemSchema } },
  };
}
