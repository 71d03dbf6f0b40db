import type { Clock } from '../clock.js';
import { withCredentials, type Environment } from './kafka-uri.js';
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
  /** Says what is going on: retries, waits. */
  readonly log: (text: string) => void;
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
  const { openFiles } = await import('./files.js');
  return openFiles(uri.pattern, options);
}
