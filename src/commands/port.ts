import { LakeError, messageOf, systemCode } from '../errors.js';

/** Why a port can't be had. @param option that gave it */
export function portError(error: unknown, host: string, port: number, option: string): LakeError {
  const code = systemCode(error);
  const what = code === 'EADDRINUSE' ? 'is in use' : code === 'EACCES' ? 'may not be taken by this user' : `can't be had: ${messageOf(error)}`;
  return new LakeError(`port ${port} of ${host} ${what}`, { code: 'USAGE', op: 'listen', path: option, hint: 'Give another one; 0 takes one that is free.', cause: error });
}
