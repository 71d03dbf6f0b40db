const mostTries = 3;

/** Starts a server, once more when it did not answer in time: a machine with much to do may take more than a minute for it. */
export async function patiently<T>(start: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await start();
    } catch (error) {
      if (tries === mostTries) throw error;
    }
  }
}
