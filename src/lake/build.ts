import { LakeError } from '../errors.js';
import type { ExtraFile, Scope, TableWrite } from './publication.js';

const maxPlans = 10;

/** How a layer builds tables from other tables. */
export interface Build<P extends { readonly run: number }, T> {
  /** What is to be done on top of a run; null: nothing. */
  readonly plan: (run: number) => Promise<P | null>;
  /** What may have happened between plan and commit: nothing (the default), or other runs that left alone the files which go. */
  readonly onTop?: 'same run' | 'any run';
  /** Is called with every earlier run done; throws COMMIT_CONFLICT when the plan does not hold any more for another reason. */
  readonly check?: (plan: P) => Promise<void>;
  /** Writes the files into a staging folder, relative to the lake's root. */
  readonly build: (plan: P, staging: string) => Promise<{ readonly writes: readonly TableWrite[]; readonly extras?: readonly ExtraFile[]; readonly result: T }>;
}

/**
 * Recovers, plans, builds and publishes. When another process has published meanwhile, or has replaced a file that was
 * being read, it plans again. Null: there was nothing to do.
 * @throws LakeError COMMIT_CONFLICT, FILE_GONE after ten tries
 */
export async function publishBuild<P extends { readonly run: number }, T>(scope: Scope, { plan, build, check, onTop = 'same run' }: Build<P, T>): Promise<T | null> {
  await scope.recover();
  for (let attempt = 1; ; attempt++) {
    const planned = await plan(await scope.run());
    if (planned === null) return null;
    const staging = scope.newStaging();
    try {
      const { writes, extras = [], result } = await build(planned, staging);
      await scope.publish(staging, writes, extras, async (run) => {
        if (onTop === 'same run') await sameRun(planned.run, run, scope.name);
        await check?.(planned);
      });
      return result;
    } catch (error) {
      if (!mayPassAgain(error) || attempt === maxPlans) throw error;
    } finally {
      if (!(await scope.needs(staging))) await scope.lake.storage.removeFolder(staging);
    }
  }
}

function sameRun(planned: number, run: number, scope: string): Promise<void> {
  if (run === planned) return Promise.resolve();
  return Promise.reject(new LakeError('another process has built it meanwhile', { code: 'COMMIT_CONFLICT', op: 'publish', path: scope, hint: 'Run it again when the other one is done.' }));
}

function mayPassAgain(error: unknown): boolean {
  return error instanceof LakeError && (error.code === 'COMMIT_CONFLICT' || error.code === 'FILE_GONE');
}
