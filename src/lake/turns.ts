const parallelOperations = 16;

/** Does some work for each value, several at once. When one fails, those under way are waited for; then it throws. */
export async function inTurns<T>(values: readonly T[], work: (value: T) => Promise<void>, parallel = parallelOperations): Promise<void> {
  const waiting = values.values();
  const workers = Array.from({ length: Math.min(parallel, values.length) }, async () => {
    for (const value of waiting) await work(value);
  });
  const failed = (await Promise.allSettled(workers)).find((outcome) => outcome.status === 'rejected');
  if (failed !== undefined) throw failed.reason;
}
