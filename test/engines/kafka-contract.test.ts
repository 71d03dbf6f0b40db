import { describeSource } from '../sources/contract.js';
import { openFrom } from '../sources/collect.js';
import { KafkaServer } from '../support/kafka.js';

describe('every source, on a real Kafka', function () {
  this.timeout(60_000);
  let server: KafkaServer;

  before(async () => {
    server = await KafkaServer.start();
  });
  after(() => server.stop());

  for (const [name, partitions, grouped] of [['a topic of one partition', 1, false], ['a topic of three', 3, false], ['a topic, in a group', 3, true]] as const) {
    describeSource({
      name,
      fill: async (folder, bodies) => {
        const topic = await server.topic('contract', partitions);
        for (let partition = 0; partition < partitions; partition++) {
          const own = bodies.filter((_body, index) => index % partitions === partition);
          if (own.length > 0) await server.send(topic, partition, own.map((value) => ({ value })));
        }
        return { ordered: partitions === 1, open: (opening) => openFrom(server.uri(topic, grouped ? { group: topic } : {}), folder, opening) };
      },
    });
  }
});
