import { generateShop } from '../../src/generate/shop.js';
import { sendLines } from '../../src/sources/sqs-send.js';
import { parseSourceUri } from '../../src/sources/uri.js';

/** Sends events that happen now, so many a second, for so long; each tenth of a second's share together. */
const [to = '', perSecond = '1000', seconds = '60', seed = '1'] = process.argv.slice(2);
const uri = parseSourceUri(to);
if (uri.kind !== 'sqs') throw new Error(`${to} is no queue`);
const total = Number(perSecond) * Number(seconds);
const lines = generateShop({ events: total, days: 1, seed: Number(seed), since: new Date().toISOString().slice(0, 10), form: 'json' });
const startedAtMs = Date.now();
let sent = 0;
while (sent < total) {
  const due = Math.min(total, Math.floor(((Date.now() - startedAtMs) / 1000) * Number(perSecond)));
  const batch: string[] = [];
  for (; sent + batch.length < due;) {
    const { value, done } = lines.next();
    if (done === true) break;
    // What an hour ago was late is late still; all else happens now.
    batch.push(value.replace(/"event_timestamp":\s*\d{13}\b/, `"event_timestamp":${Date.now()}`));
  }
  if (batch.length > 0) await sendLines(uri, batch);
  sent += batch.length;
  if (batch.length === 0) await new Promise((resolve) => setTimeout(resolve, 50));
}
process.send?.({ sent });
