import { LakeError } from '../errors.js';

const maxAttempts = 5;

/**
 * Reads files of the newest versions; again, when one has been replaced meanwhile.
 * @throws LakeError FILE_GONE when it stays gone
 */
export async function readAgain<T>(read: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof LakeError && error.code === 'FILE_GONE') || attempt === maxAttempts) throw error;
    }
  }
}
