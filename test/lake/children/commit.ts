import { Lake } from '../../../src/lake/lake.js';
import { creation } from '../../../src/lake/schema.js';
import { specOf } from '../../support/publications.js';

/** Commits `count` files to one table, each in a version of its own; prints how many it got in. */
const [root = '', writer = '', count = '0'] = process.argv.slice(2);
const lake = Lake.local(root, { threads: 1, memoryLimitBytes: 2e8 });
const table = lake.table('silver', 'event');
for (let index = 0; index < Number(count); index++) {
  await table.commit((snapshot) => [
    ...(snapshot === null ? creation(specOf('event'), 0) : []),
    { txn: { appId: writer, version: snapshot === null ? 1 : snapshot.txn(writer, 0) + 1 } },
    { add: { path: `platform=${writer}/${index}.parquet`, partitionValues: { platform: writer }, size: 1, modificationTime: 0, dataChange: true, stats: '{"numRecords":1}' } },
  ]);
}
await lake.close();
process.stdout.write(String((await table.snapshot())?.txn(writer, 0)));
