import { startQueue } from '../../test/support/queue.js';

/** A queue in a process of its own, so that its work is not counted as a consumer's. Ends with its parent. */
const queue = await startQueue();
process.once('disconnect', () => void queue.stop().finally(() => process.exit()));
process.send?.({ endpoint: queue.endpoint });
