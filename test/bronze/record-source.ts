import type { KafkaRecord } from '@platformatic/kafka';
import { visibleRecords, RecordSpooler } from '../../src/sources/kafka-records.js';
import { noOffset, offsetTxn } from '../../src/sources/kafka-partition.js';
import type { Batch, RecordBatch, Source } from '../../src/sources/source.js';

export const appId = (partition: number): string => offsetTxn('cluster', 'topic', 'id', partition);

export interface Sent {
  readonly value: string | Buffer | null;
  readonly key?: string | Buffer;
  readonly headers?: readonly (readonly [string, string | null])[];
}

export function recordsOf(sent: readonly Sent[]): KafkaRecord[] {
  return sent.map(({ value, key, headers = [] }, offsetDelta) => ({
    length: 0, attributes: 0, timestampDelta: 0n, offsetDelta,
    key: key === undefined ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
    headers: headers.map(([name, text]) => [Buffer.from(name), text === null ? null : Buffer.from(text)]),
  }));
}

/** Records of one partition as a topic's source gives them. */
export function recordBatch(partition: number, from: number, given: readonly (string | KafkaRecord)[], first = Math.max(from, 0)): RecordBatch {
  const records = given.map((each, index) => (typeof each === 'string' ? { ...recordsOf([{ value: each }])[0]!, offsetDelta: index } : each));
  const batch = {
    firstOffset: BigInt(first), length: 0, partitionLeaderEpoch: 0, magic: 2, crc: 0, attributes: 0, lastOffsetDelta: records.length - 1, firstTimestamp: 1_772_000_000_000n, maxTimestamp: 1_772_000_000_000n, producerId: -1n, producerEpoch: 0, firstSequence: 0,
    records,
  };
  const { rows, bytes, spool, slow } = new RecordSpooler().spool(visibleRecords([batch], [], first), partition, 1_772_000_000_000);
  return { kind: 'records', number: partition, partition, idPrefix: `topic@id-${partition}`, rows, bytes, spool: Buffer.from(spool), slow, receivedAtMs: 1_772_000_000_000, mark: { appId: appId(partition), from, next: first + records.length }, closes: false, ack: () => Promise.resolve({ acked: rows, failed: 0 }) };
}

/** A topic without a broker: one partition's bodies are its log. It is read from where the lake says. */
export class RecordSource implements Source {
  readonly uri = 'kafka://test/topic';
  readonly failures = [];
  dropped = 0;

  constructor(
    private readonly logs: readonly (readonly string[])[],
    private readonly offsets: ReadonlyMap<string, number>,
    private readonly batchRows: number,
  ) {}

  async *batches(): AsyncGenerator<Batch> {
    for (const [partition, log] of this.logs.entries()) {
      let from = this.offsets.get(appId(partition)) ?? noOffset;
      while (Math.max(from, 0) < log.length) {
        const first = Math.max(from, 0);
        const batch = recordBatch(partition, from, log.slice(first, first + this.batchRows));
        from = batch.mark.next;
        yield await Promise.resolve(batch);
      }
    }
  }

  committed({ dropped = 0 }: { readonly dropped?: number }): void {
    this.dropped += dropped;
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}
