import assert from 'node:assert/strict';
import { estimate } from '../src/cost/estimate.js';
import { filled, pageText } from '../src/cost/page.js';
import { prices } from '../src/cost/facts.js';

describe('what it costs', () => {
  const at = (gibDaily: number, refreshesDaily = 24) => estimate({ gibDaily, refreshesDaily });
  const line = (each: ReturnType<typeof at>, service: string): number => each.lines.find((one) => one.service === service)?.usd ?? assert.fail(service);

  it('is in docs/cost.md as it is reckoned: `npm run cost` writes it', () => {
    assert.equal(pageText(), filled(pageText()));
  });

  it('of a message is three tenths of a request', () => {
    const { messagesDaily } = at(1);
    assert.ok(Math.abs(messagesDaily - 2 ** 30 / 1_515) < 1e-6);
    assert.ok(Math.abs(line(at(1), 'SQS, messages') - messagesDaily * (365 / 12) * 0.3 * prices.sqsMillion.value / 1e6) < 1e-9);
  });

  it('grows with the volume where it should: fifty times as many messages, as much stored, and no more endpoints', () => {
    for (const service of ['SQS, messages', 'S3, stored', 'Endpoints, bytes']) assert.ok(Math.abs(line(at(50), service) / line(at(1), service) - 50) < 1e-6, service);
    assert.equal(line(at(50), 'Endpoints'), line(at(1), 'Endpoints'));
    assert.ok(at(500).consumers > at(50).consumers);
  });

  it('is the sum of its lines, none of which is nothing', () => {
    for (const each of [at(1), at(50), at(500, 4)]) {
      assert.ok(Math.abs(each.lines.reduce((sum, { usd }) => sum + usd, 0) - each.usd) < 1e-9);
      assert.deepEqual(each.lines.filter(({ usd }) => !(usd > 0)), []);
    }
  });

  it('counts a machine with a disk of its own once a date of gold spills more than Fargate has', () => {
    assert.deepEqual([at(181).onFargate, at(182).onFargate], [true, false]);
    assert.ok(at(182).lines.some(({ service }) => service.startsWith('A machine with NVMe')));
  });
});
