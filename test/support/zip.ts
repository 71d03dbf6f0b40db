import { writeFile } from 'node:fs/promises';
import { buffer } from 'node:stream/consumers';
import { ZipFile } from 'yazl';

export interface ZipOptions {
  /** Members are stored as they are, so that a test finds their bytes. */
  readonly stored?: boolean;
  readonly zip64?: boolean;
}

/** Writes a ZIP archive of files by their paths within it. */
export async function writeZip(path: string, members: Readonly<Record<string, string | Buffer>>, { stored = false, zip64 = false }: ZipOptions = {}): Promise<Buffer> {
  const zip = new ZipFile();
  for (const [name, content] of Object.entries(members)) zip.addBuffer(Buffer.from(content), name, { compress: !stored, mtime: new Date('2026-01-02T10:00:00Z'), forceZip64Format: zip64 });
  zip.end({ forceZip64Format: zip64, comment: '' });
  const bytes = await buffer(zip.outputStream);
  await writeFile(path, bytes);
  return bytes;
}
