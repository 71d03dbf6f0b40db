import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createSign } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../../scripts/engines/server.js';
import { Trino } from '../../scripts/engines/trino.js';
import { startIngot, type Ended } from '../commands/ingot.js';
import { removeTemporaryFolders, temporaryFolder } from '../support/lake.js';
import { done, generated } from '../support/two-engines.js';

describe('a Trino that asks who is there', function () {
  this.timeout(240_000);
  let trino: Trino;
  let port = 0;
  let folder = '';
  let lake = '';

  before(async () => {
    folder = temporaryFolder();
    const openssl = (...args: string[]): void => void execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'server.key', '-out', 'server.pem', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1');
    openssl('genrsa', '-out', 'token.key', '2048');
    openssl('rsa', '-in', 'token.key', '-pubout', '-out', 'token.pem');
    [port = 0] = await freePorts(1);
    const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
    trino = await Trino.start({
      workers: 0,
      hive: { 'hive.file-status-cache-tables': '*', 'hive.file-status-cache-expire-time': '1h' },
      files: { 'server.pem': `${text('server.pem')}${text('server.key')}`, 'token.pem': text('token.pem') },
      properties: {
        'http-server.https.enabled': 'true', 'http-server.https.port': String(port), 'http-server.https.keystore.path': '{{folder}}/server.pem',
        'http-server.authentication.type': 'JWT', 'http-server.authentication.jwt.key-file': '{{folder}}/token.pem', 'http-server.authentication.allow-insecure-over-http': 'true',
        'internal-communication.shared-secret': 'not-secret-on-loopback',
      },
    });
    lake = temporaryFolder();
    await done(['bronze', 'actions', '--from', generated('actions', 500), '--lake', lake]);
  });

  after(async () => {
    await trino.stop();
    removeTemporaryFolders();
  });

  /** A token of the key that the server trusts, or of none. */
  function token(subject: string): string {
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const head = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ sub: subject, exp: Math.floor(Date.now() / 1000) + 600 })}`;
    return `${head}.${createSign('RSA-SHA256').update(head).sign(readFileSync(join(folder, 'token.key'))).toString('base64url')}`;
  }

  function silver(environment: Readonly<Record<string, string>>): Promise<Ended> {
    return startIngot(['silver', 'actions', '--lake', lake, '--engine', `trino://loader@127.0.0.1:${port}/hive?tls=true`, '--json'], '', environment).ended;
  }

  const errorOf = ({ stdout }: Ended): { code: string; message: string } => (JSON.parse(stdout) as { error: { code: string; message: string } }).error;

  it('lets nobody in whose certificate authority, or token, is not known', async () => {
    const unknown = await silver({ INGOT_ENGINE_TOKEN: token('loader') });
    assert.deepEqual([unknown.status, errorOf(unknown).code, /certificate/.test(errorOf(unknown).message)], [1, 'ENGINE_UNREACHABLE', true]);
    const trusted = { NODE_EXTRA_CA_CERTS: join(folder, 'server.pem') };
    for (const environment of [trusted, { ...trusted, INGOT_ENGINE_TOKEN: `${token('loader').slice(0, -8)}AAAAAAAA` }, { ...trusted, INGOT_ENGINE_PASSWORD: 'secret' }]) {
      const refused = await silver(environment);
      assert.deepEqual([refused.status, errorOf(refused).code, refused.stdout.includes('secret')], [1, 'ENGINE_DENIED', false]);
    }
  });

  it('builds for who has a token', async () => {
    const { status, stdout, stderr } = await silver({ NODE_EXTRA_CA_CERTS: join(folder, 'server.pem'), INGOT_ENGINE_TOKEN: token('loader') });
    assert.equal(status, 0, stderr);
    assert.ok((JSON.parse(stdout) as { tables: Record<string, { rows: number }> }).tables['user_action']?.rows);
  });

  it('is not fooled by the listings that it keeps: a table is read whole right after it has grown', async () => {
    const environment = { NODE_EXTRA_CA_CERTS: join(folder, 'server.pem'), INGOT_ENGINE_TOKEN: token('loader') };
    const count = async (engine: readonly string[]): Promise<unknown> => JSON.parse((await startIngot(['query', 'SELECT count(*) AS n FROM bronze.actions', '--lake', lake, ...engine, '--json'], '', environment).ended).stdout);
    const there = ['--engine', `trino://loader@127.0.0.1:${port}/hive`];
    const before = await count(there);
    await done(['bronze', 'actions', '--from', generated('actions', 700), '--lake', lake]);
    assert.deepEqual(await count(there), await count([]));
    assert.notDeepEqual(await count(there), before);
  });
});
