import { backfill } from '../../../src/commands/backfill.js';
import { silentProgress } from '../../../src/commands/progress.js';
import { Pipeline } from '../../support/pipeline.js';

/** Backfills a lake, a partition a run, and dies when it has got so far. Arguments: root, since, until, partitions. */
const [root = '', since = '', until = '', partitions = ''] = process.argv.slice(2);
const pipeline = await Pipeline.open({ root });
const progress = {
  ...silentProgress,
  update: (text: string): void => {
    if (text.startsWith(`silver: ${partitions} of`)) process.kill(process.pid, 'SIGKILL');
  },
};
await backfill({ ...pipeline.context({ since, until }), progress }, { runRows: 1 });
await pipeline.close();
