import type { Clock } from '../clock.js';
import { withCredentials, type Environment } from './kafka-uri.js';
import type { RowsSource } from './landed.js';
import type { FileMark, Source } from './source.js';
import { parseSourceUri } from './uri.js';

export interface SourceOptions {
  /** Go on when the source is empty. */
  readonly follow: boolean;
  readonly clock: Clock;
  /** Files that are in the lake, by content hash. */
  readonly taken: ReadonlyMap<string, FileMark>;
  /** Offsets of topics that are in the lake now, by the name of their transaction; asked again and again. */
  readonly offsets: () => Promise<ReadonlyMap<string, number>>;
  /** A folder of this process where stdin may be spooled; made when needed. */
  readonly spoolDir: string;
  readonly stdin: NodeJS.ReadableStream;
  readonly signal: AbortSignal;
  /** Variables that may name a user and a password. */
  readonly environment: Environment;
  /** How the rows of a database are told from what has landed of them, if the contract says so. */
  readonly rows?: RowsSource | undefined;
  /** Says what is going on: retries, waits. */
  readonly log: (text: string) => void;
  /** Which files are read, by their names; all of them when it is left out. */
  readonly takes?: ((path: string) => boolean) | undefined;
  /** What a file's place says of its rows: equal content at two places is two files. */
  readonly placeOf?: ((path: string) => string) | undefined;
}

/**
 * Opens `--from`.
 * @throws LakeError USAGE, SOURCE_NOT_FOUND, SOURCE_DENIED, SOURCE_UNREACHABLE (within 30 s, and the time that it waits for a server that is away)
 */
export async function openSource(text: string, options: SourceOptions): Promise<Source> {
  const uri = parseSourceUri(text);
  if (uri.kind === 'sqs') {
    const { openSqs } = await import('./sqs.js');
    return openSqs(uri, options);
  }
  if (uri.kind === 'kafka') {
    const { openKafka } = await import('./kafka.js');
    return openKafka(withCredentials(uri, options.environment), options);
  }
  if (uri.kind === 'sql') {
    const { openSql } = await import('./sql.js');
    return openSql(uri, options);
  }
  const { openFiles } = await import('./files.js');
  return openFiles(uri, options);
}
