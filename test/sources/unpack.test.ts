import assert from 'node:assert/strict';
import { gzipSync } from 'node:zlib';
import { gunzipped } from '../../src/sources/unpack.js';

/** In chunks of 16 KB, as a file is read. */
async function* chunksOf(content: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += 16_384) yield await Promise.resolve(content.subarray(at, at + 16_384));
}

async function unpackedBytes(content: Buffer, judgedFrom: number): Promise<{ bytes: number; error: string | null }> {
  let bytes = 0;
  try {
    for await (const chunk of gunzipped(chunksOf(content), judgedFrom)) bytes += chunk.length;
    return { bytes, error: null };
  } catch (error) {
    return { bytes, error: error instanceof Error ? error.message : String(error) };
  }
}

describe('unpacking', () => {
  it('stops at data that pack more than 250 times smaller, once they are large', async () => {
    const bomb = gzipSync(Buffer.alloc(64e6, '{"a":0}\n'));
    const { bytes, error } = await unpackedBytes(bomb, 10e6);
    assert.equal(error, 'it unpacks to more than 250 times its size');
    assert.ok(bytes < 40e6, `${bytes} bytes came before`);
    assert.deepEqual(await unpackedBytes(bomb, 100e6), { bytes: 64e6, error: null });
  });

  it('takes data that pack as well as events do', async () => {
    const events = Buffer.from(Array.from({ length: 20_000 }, (_none, index) => `{"event_timestamp":${1_767_225_600_000 + index * 37},"user_id":"u${(index * 7919) % 1000}"}\n`).join(''));
    assert.deepEqual(await unpackedBytes(gzipSync(events), 1_000), { bytes: events.length, error: null });
  });
});
