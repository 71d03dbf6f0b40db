import assert from 'node:assert/strict';
import { LakeError } from '../../src/errors.js';
import { kafkaError } from '../../src/sources/kafka-error.js';
import type { KafkaUri } from '../../src/sources/kafka-uri.js';
import { openSqs } from '../../src/sources/sqs.js';
import { sqsError } from '../../src/sources/sqs-client.js';
import { parseSourceUri, type SqsUri } from '../../src/sources/uri.js';
import { AwayError, whenReachable } from '../../src/sources/wait.js';
import { HeldClock, LeapingClock, openingOptions } from './collect.js';
import { madeUpQueue } from './faults.js';

const away = new AwayError('nobody listens', { code: 'SOURCE_UNREACHABLE', op: 'test' });
const none = new AbortController().signal;

/** Something to open that fails so often. */
function opening(failures: number, error: Error = away, onTry: () => void = () => undefined) {
  let tries = 0;
  return {
    open: (): Promise<string> => {
      onTry();
      return ++tries <= failures ? Promise.reject(error) : Promise.resolve('open');
    },
    tries: () => tries,
  };
}

describe('a source whose server is away at the start', () => {
  it('is waited for, with a note each time that says for whom and for how long yet', async () => {
    const { open, tries } = opening(3);
    const log: string[] = [];
    assert.equal(await whenReachable(open, 'host:9092', 30, { clock: new LeapingClock(), log: (text) => log.push(text), signal: none }), 'open');
    assert.equal(tries(), 4);
    assert.deepEqual(log, ['30', '30', '29'].map((seconds) => `nobody listens; waiting for host:9092, for ${seconds} s yet`));
  });

  it('is given up when the time is over, as the last try failed', async () => {
    const { open, tries } = opening(Infinity);
    const clock = new LeapingClock();
    await assert.rejects(whenReachable(open, 'host', 30, { clock, log: () => undefined, signal: none }), away);
    assert.deepEqual(clock.slept, [500, 1_000, 2_000, 4_000, 5_000, 5_000, 5_000, 5_000, 2_500]);
    assert.equal(tries(), 10);
  });

  it('is waited for no longer than that when each try takes long, nor when the clock is set back', async () => {
    const slow = new LeapingClock();
    const first = opening(Infinity, away, () => slow.move(6_000));
    await assert.rejects(whenReachable(first.open, 'host', 30, { clock: slow, log: () => undefined, signal: none }), away);
    assert.equal(first.tries(), 5);
    assert.deepEqual(slow.slept, [500, 1_000, 2_000, 2_500]);
    const back = new LeapingClock();
    const second = opening(Infinity, away, () => back.move(-3_600_000));
    await assert.rejects(whenReachable(second.open, 'host', 30, { clock: back, log: () => undefined, signal: none }), away);
    assert.equal(second.tries(), 10);
  });

  it('is tried once when no time is given', async () => {
    const { open, tries } = opening(1);
    await assert.rejects(whenReachable(open, 'host', 0, { clock: new LeapingClock(), log: () => assert.fail('it waits'), signal: none }), away);
    assert.equal(tries(), 1);
  });

  it('is left at once by a signal', async () => {
    const { open, tries } = opening(1);
    const clock = new HeldClock();
    const stop = new AbortController();
    const waiting = whenReachable(open, 'host', 30, { clock, log: () => undefined, signal: stop.signal });
    await clock.untilAsleep();
    stop.abort();
    await assert.rejects(waiting, away);
    assert.equal(tries(), 1);
  });

  for (const code of ['SOURCE_DENIED', 'SOURCE_NOT_FOUND', 'SOURCE_UNREACHABLE', 'USAGE'] as const) {
    it(`is not waited for when it is there and the answer is ${code}`, async () => {
      const error = new LakeError('no', { code, op: 'test' });
      const { open, tries } = opening(1, error);
      await assert.rejects(whenReachable(open, 'host', 30, { clock: new LeapingClock(), log: () => assert.fail('it waits'), signal: none }), error);
      assert.equal(tries(), 1);
    });
  }

  it('is opened once a queue\'s endpoint takes connections', async () => {
    const uri = parseSourceUri('sqs://events?endpoint=http%3A%2F%2F127.0.0.1%3A9324') as SqsUri;
    const log: string[] = [];
    let tries = 0;
    const source = await openSqs(uri, openingOptions({ clock: new LeapingClock(), log: (text) => log.push(text) }, '/nowhere'), (asked) => {
      if (++tries < 3) return Promise.reject(sqsError(Object.assign(new Error('connect ECONNREFUSED 127.0.0.1:9324'), { code: 'ECONNREFUSED' }), asked));
      return Promise.resolve(madeUpQueue(() => ({})));
    });
    await source.close();
    assert.equal(tries, 3);
    assert.equal(log[0], 'the queue events can\'t be reached: connect ECONNREFUSED 127.0.0.1:9324; waiting for http://127.0.0.1:9324, for 30 s yet');
  });

  describe('is known by its error:', () => {
    const queue = parseSourceUri('sqs://events') as SqsUri;
    const topic = parseSourceUri('kafka://host/topic') as KafkaUri;
    const coded = (code: string, more: object = {}): Error => Object.assign(new Error(`made up: ${code}`), { code, ...more });
    const inside = (...errors: readonly Error[]): Error => coded('PLT_KFK_MULTIPLE', { errors });

    for (const [code, isAway] of [['ECONNREFUSED', true], ['EHOSTUNREACH', true], ['EAI_AGAIN', true], ['ENOTFOUND', false], ['ECONNRESET', false], ['DEPTH_ZERO_SELF_SIGNED_CERT', false]] as const) {
      it(`${code} is ${isAway ? '' : 'not '}worth waiting for`, () => {
        const errors = [sqsError(coded(code), queue), kafkaError(inside(inside(coded(code))), topic)];
        assert.deepEqual(errors.map((error) => [error instanceof AwayError, error.code]), [[isAway, 'SOURCE_UNREACHABLE'], [isAway, 'SOURCE_UNREACHABLE']]);
      });
    }

    it('one broker that is away hides neither that another refuses the user nor that its certificate is not known', () => {
      for (const other of ['SASL_AUTHENTICATION_FAILED', 'SELF_SIGNED_CERT_IN_CHAIN', 'UNKNOWN_TOPIC_OR_PARTITION']) {
        assert.ok(!(kafkaError(inside(coded('ECONNREFUSED'), coded(other)), topic) instanceof AwayError), other);
      }
    });
  });
});
