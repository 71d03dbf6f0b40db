import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { LakeError } from '../../src/errors.js';
import { AwayError } from '../../src/sources/wait.js';
import { ingot, type Ended } from '../commands/ingot.js';
import { inLake, KafkaServer, positions, span } from '../support/kafka.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';

const password = 'S3cret%of@reader/9';
const jaas = (lines: string): string => `${lines.trim()};`;

/** An authority, and certificates of it for the broker and for a client, as PEM files. */
function certificates(folder: string): void {
  const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.pem', '-days', '2', '-subj', '/CN=test authority');
  for (const name of ['server', 'client']) {
    openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', `${name}.key`, '-out', `${name}.csr`, '-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1');
    openssl('x509', '-req', '-in', `${name}.csr`, '-CA', 'ca.pem', '-CAkey', 'ca.key', '-CAcreateserial', '-out', `${name}.pem`, '-days', '2', '-copy_extensions', 'copy');
  }
}

const oneLine = (path: string): string => readFileSync(path, 'utf8').trim().replaceAll('\n', '\\n');

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))).filter((path) => statSync(path).isFile());
}

async function failure(work: Promise<unknown>): Promise<LakeError> {
  return work.then(() => assert.fail('it did not fail'), (error: unknown) => error as LakeError);
}

describe('a Kafka that asks who is there', function () {
  this.timeout(120_000);
  let server: KafkaServer;
  let folder: string;
  let topic: string;
  const environment = { ...process.env };

  before(async () => {
    folder = temporaryFolder();
    certificates(folder);
    const login = 'org.apache.kafka.common.security';
    server = await KafkaServer.start({
      scramUsers: { reader: password },
      secured: {
        protocol: 'SASL_SSL',
        properties: {
          'sasl.enabled.mechanisms': 'PLAIN,SCRAM-SHA-256,SCRAM-SHA-512',
          'plain.sasl.jaas.config': jaas(`${login}.plain.PlainLoginModule required user_reader="${password}" user_stranger="${password}" user_describer="${password}"`),
          'scram-sha-256.sasl.jaas.config': jaas(`${login}.scram.ScramLoginModule required`),
          'scram-sha-512.sasl.jaas.config': jaas(`${login}.scram.ScramLoginModule required`),
          'ssl.client.auth': 'requested',
          'ssl.keystore.type': 'PEM',
          'ssl.keystore.certificate.chain': oneLine(join(folder, 'server.pem')),
          'ssl.keystore.key': oneLine(join(folder, 'server.key')),
          'ssl.truststore.type': 'PEM',
          'ssl.truststore.certificates': oneLine(join(folder, 'ca.pem')),
        },
      },
      properties: { 'authorizer.class.name': 'org.apache.kafka.metadata.authorizer.StandardAuthorizer', 'super.users': 'User:ANONYMOUS' },
    });
    topic = await server.topic('secured');
    await server.sendEvents(topic, 0, 5);
    await server.allow('reader', topic, ['READ', 'DESCRIBE']);
    await server.allow('describer', topic, ['DESCRIBE']);
    await delay(500);
  });

  after(async () => {
    await server.stop();
    removeTemporaryFolders();
  });

  afterEach(() => {
    for (const name of ['KAFKA_USERNAME', 'KAFKA_PASSWORD']) {
      if (environment[name] === undefined) Reflect.deleteProperty(process.env, name);
      else process.env[name] = environment[name];
    }
  });

  function uri(settings: Readonly<Record<string, string>>, { user = '', name = topic } = {}): string {
    return `kafka://${user}127.0.0.1:${server.broker.securedPort}/${name}?${new URLSearchParams(settings).toString()}`;
  }

  const ca = (): { readonly ca: string } => ({ ca: join(folder, 'ca.pem') });

  function as(username: string, secret = password): void {
    process.env['KAFKA_USERNAME'] = username;
    process.env['KAFKA_PASSWORD'] = secret;
  }

  for (const sasl of ['plain', 'scram-sha-256', 'scram-sha-512']) {
    it(`is read over TLS with ${sasl}`, async () => {
      as('reader');
      await inLake(temporaryFolder(), async (pipeline) => {
        await pipeline.land(uri({ sasl, ...ca() }));
        assert.deepEqual(await positions(pipeline), span(0, 0, 5));
      });
    });
  }

  it('is given a certificate of the client\'s own', async () => {
    as('reader');
    await inLake(temporaryFolder(), async (pipeline) => {
      await pipeline.land(uri({ sasl: 'plain', ...ca(), cert: join(folder, 'client.pem'), key: join(folder, 'client.key') }));
      assert.deepEqual(await positions(pipeline), span(0, 0, 5));
    });
  });

  it('never has its user and password shown: not in output, nor in errors, nor in the lake', async () => {
    const lake = temporaryFolder();
    const secrets = [password, encodeURIComponent(password)];
    const user = `reader:${encodeURIComponent(password)}@`;
    const ended: Ended[] = [];
    for (const args of [['bronze', 'shop', '--json'], ['status', 'shop', '--json'], ['status', 'shop']]) ended.push(await ingot([...args, '--lake', lake, '--from', uri({ sasl: 'plain', ...ca() }, { user })]));
    assert.deepEqual(ended.map(({ status }) => status), [0, 0, 0], ended.map(({ stderr }) => stderr).join(''));
    const wrong = [uri({ sasl: 'plain', ...ca() }, { user, name: 'absent' }), uri({ sasl: 'scram', ...ca() }, { user }), uri({ ...ca() }, { user }), uri({ sasl: 'plain', password, ...ca() }, { user }), uri({ sasl: 'plain', ...ca() }, { user: `reader:${password}@` }), uri({ sasl: 'plain' }, { user }), uri({ sasl: 'plain', ...ca() }, { user: `other:${encodeURIComponent(password)}@` })];
    for (const [index, from] of wrong.entries()) {
      const failed = await ingot([['bronze', 'status', 'backfill'][index % 3]!, 'shop', '--lake', lake, '--from', from]);
      assert.notEqual(failed.status, 0);
      ended.push(failed);
    }
    for (const { stdout, stderr } of ended) for (const secret of secrets) assert.ok(!`${stdout}${stderr}`.includes(secret), `${stdout}${stderr}`);
    for (const path of filesBelow(lake)) for (const secret of [...secrets, 'reader']) assert.ok(!readFileSync(path, 'latin1').includes(secret), path);
    await inLake(lake, async (pipeline) => {
      const sources = await pipeline.rows('SELECT DISTINCT source FROM bronze.shop');
      assert.deepEqual(sources.map((row) => row['source']), [`kafka://127.0.0.1:${server.broker.securedPort}/${topic}`]);
    });
  });

  describe('refuses', () => {
    const landing = (from: string): Promise<LakeError> => inLake(temporaryFolder(), (pipeline) => failure(pipeline.land(from)));

    it('a wrong password', async () => {
      for (const sasl of ['plain', 'scram-sha-512']) {
        as('reader', 'not-the-password');
        const { code, message, hint } = await landing(uri({ sasl, ...ca() }));
        assert.equal(code, 'SOURCE_DENIED', message);
        assert.match(hint ?? '', /KAFKA_USERNAME/);
      }
    });

    it('a user who may not read the topic, or may only look at it', async () => {
      for (const user of ['stranger', 'describer']) {
        as(user);
        const { code, message } = await landing(uri({ sasl: 'plain', ...ca() }));
        assert.deepEqual([code, message], ['SOURCE_DENIED', `the user may not read the topic ${topic}`]);
      }
    });

    it('a user who may not use the group', async () => {
      as('reader');
      const { code, message } = await landing(uri({ sasl: 'plain', ...ca(), group: 'forbidden' }));
      assert.deepEqual([code, message], ['SOURCE_DENIED', 'the user may not use the group forbidden']);
    });

    it('a user without a name, before anybody is asked', async () => {
      assert.equal((await landing(uri({ sasl: 'plain', ...ca() }))).code, 'USAGE');
    });

    it('a client that does not know the broker\'s authority, or speaks no TLS', async () => {
      as('reader');
      const unknown = await landing(uri({ sasl: 'plain', tls: 'true' }));
      assert.deepEqual([unknown.code, /ca=/.test(unknown.hint ?? '')], ['SOURCE_UNREACHABLE', true], unknown.message);
      const clear = await landing(uri({ sasl: 'plain' }));
      assert.deepEqual([clear.code, /tls=true/.test(clear.hint ?? '')], ['SOURCE_UNREACHABLE', true], clear.message);
      assert.deepEqual([unknown, clear].map((error) => error instanceof AwayError), [false, false]);
    });
  });

  it('is an error with a hint when the topic does not exist, and does not make it', async () => {
    const from = `kafka://${server.broker.address}/not-there`;
    const { code } = await inLake(temporaryFolder(), (pipeline) => failure(pipeline.land(from)));
    assert.equal(code, 'SOURCE_NOT_FOUND');
    assert.ok(!(await server.admin.listTopics()).includes('not-there'));
  });

  it('is an error with a hint when nobody answers', async () => {
    const { code, hint } = await inLake(temporaryFolder(), (pipeline) => failure(pipeline.land('kafka://127.0.0.1:9/topic?wait=0')));
    assert.equal(code, 'SOURCE_UNREACHABLE');
    assert.match(hint ?? '', /127\.0\.0\.1:9/);
  });
});
