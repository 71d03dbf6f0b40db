import { LakeError, messageOf, systemCode } from '../errors.js';

/** Says what is wrong, where, and what to do next; no stack trace. */
export function printError(error: unknown, stream: { write(text: string): unknown }): void {
  if (!(error instanceof LakeError)) {
    stream.write(`ingot: ${messageOf(error)}\n`);
    if (process.env['INGOT_DEBUG'] !== undefined && error instanceof Error) stream.write(`${error.stack ?? ''}\n`);
    return;
  }
  stream.write(`ingot: ${error.message}\n`);
  if (error.path !== undefined && !error.message.includes(error.path)) stream.write(`  at ${error.path}\n`);
  if (error.hint !== undefined) stream.write(`  ${error.hint}\n`);
  if (process.env['INGOT_DEBUG'] !== undefined) stream.write(`${error.stack ?? ''}\n${messageOf(error.cause)}\n`);
}

/** An error for --json: `{error: {code, message, path, hint}}`. */
export function errorObject(error: unknown): object {
  if (!(error instanceof LakeError)) return { code: 'INTERNAL', message: messageOf(error) };
  return { code: error.code, message: error.message, path: error.path, hint: error.hint };
}

/** A reader that has seen enough (`| head`) closes the pipe: that is no error. */
export function closeStdoutQuietly(): void {
  process.stdout.on('error', (error: unknown) => {
    if (systemCode(error) === 'EPIPE') process.exit(0);
    process.stderr.write(`ingot: stdout can't be written: ${messageOf(error)}\n`);
    process.exit(1);
  });
}

const counts = new Intl.NumberFormat('en-US');

/** `12,345`. */
export function count(value: number | bigint): string {
  return counts.format(value);
}

/** `1 row`, `2 rows`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** `1.4 GB`. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${units[unit] ?? ''}`;
}
