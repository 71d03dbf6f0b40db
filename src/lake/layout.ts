import { LakeError } from '../errors.js';

/** Where things are in a lake. All paths are relative to its root. */
export const stagingRoot = '_ingot/staging';
/** What a distributed engine writes for a lake in a bucket, where the staging itself is a folder of this machine. */
export const engineRoot = '_ingot/engine';
export const intentRoot = '_ingot/intents';
export const discardRoot = '_ingot/discard';

/** `silver/event`. */
export function tableFolder(layer: string, table: string): string {
  return `${layer}/${table}`;
}

export function logFolder(folder: string): string {
  return `${folder}/_delta_log`;
}

export function commitName(version: number): string {
  return `${String(version).padStart(20, '0')}.json`;
}

export function checkpointName(version: number): string {
  return `${String(version).padStart(20, '0')}.checkpoint.parquet`;
}

export const nullPartition = '__HIVE_DEFAULT_PARTITION__';

/** `event_date=2016-08-01/platform=IOS`, percent-encoded as DuckDB and Spark do. */
export function partitionFolder(partition: Readonly<Record<string, string | null>>): string {
  return Object.entries(partition)
    .map(([column, value]) => `${encodeSegment(column)}=${value === null || value === '' ? nullPartition : encodeSegment(value)}`)
    .join('/');
}

/** Where a data file lies in its table; in the table's own folder when the table has no partitions. */
export function dataPath(partition: Readonly<Record<string, string | null>>, name: string): string {
  const folder = partitionFolder(partition);
  return folder === '' ? name : `${folder}/${name}`;
}

function encodeSegment(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** A file's path in a log entry: each `%` is encoded once more, nothing else is. Source: PROTOCOL.md, "Add File". */
export function logPath(path: string): string {
  return path.replaceAll('%', '%25');
}

/**
 * The file that a log entry means, whoever wrote it, relative to its table.
 * @throws LakeError TABLE_UNSUPPORTED for a file outside the table (a shallow clone), LAKE_CORRUPT for a torn encoding
 */
export function filePath(path: string): string {
  const outside = /^[a-z][a-z0-9+.-]*:|^\//i.test(path);
  const decoded = decodedPath(path);
  if (outside || decoded.startsWith('/') || decoded.split('/').includes('..')) {
    throw new LakeError(`a file of the log lies outside its table: ${path}`, {
      code: 'TABLE_UNSUPPORTED',
      op: 'read log',
      path,
      hint: 'Copy the table whole: shallow clones are not read.',
    });
  }
  return decoded;
}

function decodedPath(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch (error) {
    throw new LakeError(`a path of the log is not percent-encoded: ${path}`, {
      code: 'LAKE_CORRUPT',
      op: 'read log',
      path,
      hint: 'Have the writer of this table mend it, or delete the table and build it again.',
      cause: error,
    });
  }
}
