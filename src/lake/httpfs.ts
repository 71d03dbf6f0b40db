import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { LakeError, messageOf } from '../errors.js';
import type { RemoteAccess, Statement } from './duckdb.js';
import { credentialsOf, type Credentials, type S3Server } from '../s3/client.js';
import { s3Error } from '../s3/errors.js';
import { fill, sqlFile } from './sql.js';

const secretSql = sqlFile(import.meta.url, './s3-secret.sql');
const fileName = 'httpfs.duckdb_extension';

/** Data files never change, so what DuckDB knows of one stays true. Its own tries wait about 12 s together. */
const settings = ['SET enable_http_metadata_cache = true', 'SET http_retries = 6', 'SET http_retry_wait_ms = 200', 'SET http_retry_backoff = 2', 'SET http_timeout = 30'];

/** Has DuckDB read a lake in S3, by its httpfs extension. */
export class HttpfsAccess implements RemoteAccess {
  constructor(
    private readonly server: () => Promise<S3Server>,
    /** `s3://bucket/prefix`: the credentials are for nothing else. */
    private readonly root: string,
    /** The extension's file or the folder that it is in; null: DuckDB installs it. */
    private readonly extensions: string | null,
  ) {}

  async admit(run: Statement): Promise<() => Promise<void>> {
    await this.load(run);
    for (const setting of settings) await run(setting);
    // Else a text in SQL, `?s3_endpoint=…`, sends signed requests elsewhere, and a lake's prefix is taken for a pattern.
    await run('SET s3_url_compatibility_mode = true');
    let known = await this.giveSecret(run, null);
    return async () => {
      known = await this.giveSecret(run, known);
    };
  }

  private async load(run: Statement): Promise<void> {
    try {
      if (this.extensions === null) await run('INSTALL httpfs');
      await run(`LOAD ${this.extensions === null ? 'httpfs' : `'${extensionFile(this.extensions).replaceAll("'", "''")}'`}`);
    } catch (error) {
      throw new LakeError(`DuckDB can't load its httpfs extension, which reads S3: ${messageOf(error)}`, {
        code: 'EXTENSION_MISSING',
        op: 'open',
        path: this.extensions ?? this.root,
        hint: 'Give --duckdb-extensions (or INGOT_DUCKDB_EXTENSIONS) the file httpfs.duckdb_extension of this version of DuckDB, or its folder, or let this machine reach DuckDB\'s extension server.',
        cause: error,
      });
    }
  }

  private async access(): Promise<{ readonly server: S3Server; readonly credentials: Credentials }> {
    try {
      const server = await this.server();
      return { server, credentials: await credentialsOf(server) };
    } catch (error) {
      throw s3Error(error, 's3:GetObject', this.root, '');
    }
  }

  /** The credentials of this moment, unless DuckDB has them. */
  private async giveSecret(run: Statement, known: Credentials | null): Promise<Credentials> {
    const { server, credentials } = await this.access();
    if (known !== null && known.keyId === credentials.keyId && known.secret === credentials.secret && known.sessionToken === credentials.sessionToken) return known;
    await run(fill(secretSql, { endpoint: server.endpoint === null ? '' : 'ENDPOINT $endpoint,' }), {
      key_id: credentials.keyId,
      secret: credentials.secret,
      session_token: credentials.sessionToken,
      region: server.region,
      url_style: server.pathStyle ? 'path' : 'vhost',
      use_ssl: server.endpoint === null || server.endpoint.protocol === 'https:',
      endpoint: server.endpoint === null ? '' : `${server.endpoint.host}${server.endpoint.pathname.replace(/\/$/, '')}`,
      scope: `${this.root}/`,
    });
    return credentials;
  }
}

function extensionFile(path: string): string {
  return existsSync(path) && statSync(path).isDirectory() ? join(path, fileName) : path;
}
