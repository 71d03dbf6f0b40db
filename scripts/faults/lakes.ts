import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenLakeOptions } from '../../src/library.js';
import { VersityGw } from '../engines/versitygw.js';

/** The lake of one run. */
export interface FaultLake {
  readonly kind: 'local' | 's3';
  /** What --lake is told. */
  readonly place: string;
  /** The folder in which a lake's processes touch files. */
  readonly root: string;
  /** What a path of the lake begins with there, as a pattern. */
  readonly below: string;
  /** The server that its requests go to. */
  readonly endpoint: string | null;
  readonly environment: Readonly<Record<string, string>>;
  readonly options: OpenLakeOptions;
  /** Where its bytes are: of a lake in S3, where the server keeps its objects. */
  readonly folder: string;
  /** How others reach it, when it is in S3. */
  readonly s3: { readonly endpoint: string; readonly keyId: string; readonly secret: string; readonly region: string } | null;
}

export function localLake(workspace: string, name = 'lake'): FaultLake {
  const folder = join(workspace, name);
  return { kind: 'local', place: folder, root: folder, below: folder, endpoint: null, environment: {}, options: {}, folder, s3: null };
}

const region = 'us-east-1';

/** An S3 server for all runs. */
export class S3Server {
  private constructor(
    private readonly server: VersityGw,
    private readonly folder: string,
    private readonly httpfs: string,
  ) {}

  /** @param httpfs DuckDB's extension; also sets this process's own settings for the server */
  static async start(program: string, httpfs: string): Promise<S3Server> {
    const server = await VersityGw.start(program);
    const started = new S3Server(server, await server.makeBucket('faults'), httpfs);
    Object.assign(process.env, started.environment(server.endpoint));
    return started;
  }

  /** A lake of its own; each process stages in the same scratch folder. */
  lake(workspace: string, name: string): FaultLake {
    const scratch = join(workspace, 'scratch');
    mkdirSync(scratch, { recursive: true });
    return {
      kind: 's3',
      place: `s3://faults/${name}`,
      root: scratch,
      below: `${scratch}/*`,
      endpoint: this.server.endpoint,
      environment: { ...this.environment(this.server.endpoint), INGOT_SCRATCH: scratch },
      options: { s3: { scratch: join(workspace, 'reader-scratch'), extensions: this.httpfs, pathStyle: true } },
      folder: join(this.folder, name),
      s3: { endpoint: this.server.endpoint, keyId: this.server.keyId, secret: this.server.secret, region },
    };
  }

  async stop(): Promise<void> {
    await this.server.stop();
  }

  private environment(endpoint: string): Record<string, string> {
    return {
      AWS_ENDPOINT_URL_S3: endpoint,
      AWS_ACCESS_KEY_ID: this.server.keyId,
      AWS_SECRET_ACCESS_KEY: this.server.secret,
      AWS_REGION: region,
      AWS_EC2_METADATA_DISABLED: 'true',
      INGOT_DUCKDB_EXTENSIONS: this.httpfs,
    };
  }
}

export function removeLake(lake: FaultLake): void {
  rmSync(lake.folder, { recursive: true, force: true });
}
