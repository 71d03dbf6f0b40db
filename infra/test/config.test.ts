import assert from 'node:assert/strict';
import { parseConfig } from '../src/config.js';

describe('settings', () => {
  it('come as text or numbers, with defaults for all but the dataset', () => {
    const config = parseConfig({ dataset: 'shop', consumerTasksMost: '8', windowAgeS: 30, alarmEmails: 'a@example.com,b@example.com' });
    assert.deepEqual([config.environment, config.consumerTasksMost, config.windowAgeS, config.alarmEmails], ['prod', 8, 30, ['a@example.com', 'b@example.com']]);
    assert.equal(config.windowRows, 7_500);
    assert.throws(() => parseConfig({}), /ingot:dataset /);
  });

  it('that are unknown or out of range are named, all at once', () => {
    assert.throws(() => parseConfig({ dataset: 'shop', consumerTaskMost: 8 }), /there is no setting ingot:consumerTaskMost/);
    assert.throws(() => parseConfig({ dataset: 'Shop', environment: 'a b' }), /ingot:environment .*\ningot:dataset |ingot:dataset .*\ningot:environment /s);
    assert.throws(() => parseConfig({ dataset: 'shop', logDays: 31 }), /ingot:logDays /);
    assert.throws(() => parseConfig({ dataset: 'shop', alarmEmails: 'nobody' }), /ingot:alarmEmails\.0 is no address/);
  });

  it('that contradict each other are refused', () => {
    assert.throws(() => parseConfig({ dataset: 'shop', windowAgeS: 240 }), /ingot:visibilityS is less than twice a window and its commit, 600 s/);
    assert.throws(() => parseConfig({ dataset: 'shop', consumerTasksLeast: 5 }), /ingot:consumerTasksLeast is more than consumerTasksMost, 4/);
    assert.throws(() => parseConfig({ dataset: 'shop', transformerMemoryMib: 4_096 }), /ingot:transformerMemoryMib is not from 8192 to 30720, as 4096 CPU units want/);
    assert.throws(() => parseConfig({ dataset: 'shop', engineSecretArn: 'arn:aws:secretsmanager:eu-west-1:123456789012:secret:x' }), /ingot:engineSecretArn is the password of no engine/);
    assert.throws(() => parseConfig({ dataset: 'shop', engineUri: 'trino://ingot:open-sesame@trino:8443/hive' }), /ingot:engineUri is no trino:/);
    assert.throws(() => parseConfig({ dataset: 'shop', consumerCpuUnits: 3_000 }), /ingot:consumerCpuUnits is none of 1024, /);
  });
});
