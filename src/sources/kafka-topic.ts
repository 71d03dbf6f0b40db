import { LakeError } from '../errors.js';
import type { KafkaClient, TopicFacts } from './kafka-client.js';
import { gapText } from './kafka-gap.js';
import { noOffset, offsetTxn, Partition, topicTxns } from './kafka-partition.js';
import { kafkaName, type KafkaUri } from './kafka-uri.js';
import type { SourceOptions } from './open.js';
import type { OffsetGap } from './source.js';

/** How often an offset that is out of range is looked at again: the end of a log may be known late after a leader has changed. */
const endLooks = 4;
const endLookMs = 500;
/** Enough of a topic's id to be unique in its name. */
const shownIdLength = 8;

/** A topic as it is read: its partitions, where each begins, and what was found to be gone. */
export class Topic {
  partitions: readonly Partition[] = [];
  readonly gaps: OffsetGap[] = [];
  private facts: TopicFacts = { cluster: '', topicId: '', leaders: [] };
  private numbers = 0;

  constructor(
    readonly uri: KafkaUri,
    private readonly client: KafkaClient,
    private readonly options: Pick<SourceOptions, 'offsets' | 'follow' | 'clock' | 'log'>,
  ) {}

  get id(): string {
    return this.facts.topicId;
  }

  leaderOf(partition: Partition): number {
    return this.facts.leaders[partition.index] ?? -1;
  }

  /**
   * Finds the topic and where its partitions begin: where the lake says, or else where the URI says.
   * @throws LakeError SOURCE_UNREADABLE when the lake is further than the topic
   */
  async open(): Promise<void> {
    await this.adopt(await this.client.topic());
  }

  /** Looks at the topic again: leaders that have changed, partitions that were added, another topic of the same name. @returns true when there are other partitions */
  async refresh(): Promise<boolean> {
    const facts = await this.client.topic();
    if (facts.topicId !== this.facts.topicId || facts.cluster !== this.facts.cluster) {
      this.options.log(`the topic ${this.uri.topic} was made again: it is read from its beginning`);
      await this.adopt(facts);
      return true;
    }
    const before = this.partitions.length;
    this.facts = facts;
    if (facts.leaders.length <= before) return false;
    this.options.log(`the topic ${this.uri.topic} has ${facts.leaders.length} partitions now, ${facts.leaders.length - before} more`);
    const [earliest, stored] = [await this.client.offsets('earliest'), await this.options.offsets()];
    const added = facts.leaders.slice(before).map((_leader, index) => this.partition(before + index, stored, earliest));
    this.partitions = [...this.partitions, ...added];
    return true;
  }

  /** What the lake says of each partition; -1 for nothing. */
  async stored(): Promise<(partition: Partition) => number> {
    const offsets = await this.options.offsets();
    return ({ appId }) => offsets.get(appId) ?? noOffset;
  }

  /**
   * Goes on with a partition whose next offset the brokers don't have: behind what retention has removed.
   * @throws LakeError SOURCE_UNREADABLE when the topic ends before it
   */
  async putRight(partition: Partition): Promise<void> {
    for (let look = 1; ; look++) {
      partition.catchUp((await this.stored())(partition));
      const [earliest = 0, end = 0] = [(await this.client.offsets('earliest'))[partition.index], (await this.client.offsets('end'))[partition.index]];
      if (partition.position < earliest) {
        this.lost({ topic: this.uri.topic, partition: partition.index, first: partition.position, last: earliest - 1 });
        partition.position = earliest;
      }
      if (partition.position <= end) return;
      if (look === endLooks) throw this.beyond(partition, end);
      await this.options.clock.sleep(endLookMs);
    }
  }

  private async adopt(facts: TopicFacts): Promise<void> {
    const { from } = this.uri;
    const stored = await this.options.offsets();
    const known = [...stored.keys()].filter((appId) => appId.startsWith(topicTxns(facts.cluster, this.uri.topic)));
    const isKnown = known.some((appId) => appId.startsWith(`${topicTxns(facts.cluster, this.uri.topic)}${facts.topicId}/`));
    if (known.length > 0 && !isKnown && this.facts.topicId === '') this.options.log(`the topic ${this.uri.topic} is another one than the lake has read: it was made again, and is read from its beginning`);
    const later = from !== 'earliest' && known.length === 0;
    const starts = await this.starts(later ? from : 'earliest');
    this.facts = facts;
    this.partitions = facts.leaders.map((_leader, index) => this.partition(index, stored, starts));
    await this.checkEnds();
    if (!this.options.follow) {
      const targets = await this.client.offsets('stable');
      for (const partition of this.partitions) partition.target = targets[partition.index] ?? 0;
    }
    for (const partition of this.partitions) partition.begins = later;
  }

  private async starts(from: KafkaUri['from']): Promise<readonly number[]> {
    if (from === 'earliest') return this.client.offsets('earliest');
    const stable = await this.client.offsets('stable');
    if (from === 'latest') return stable;
    return (await this.client.offsets(from)).map((offset, index) => (offset < 0 ? (stable[index] ?? 0) : offset));
  }

  private partition(index: number, stored: ReadonlyMap<string, number>, starts: readonly number[]): Partition {
    const { cluster, topicId } = this.facts;
    const appId = offsetTxn(cluster, this.uri.topic, topicId, index);
    return new Partition(++this.numbers, index, appId, `${this.uri.topic}@${topicId.slice(0, shownIdLength)}-${index}`, stored.get(appId) ?? noOffset, starts[index] ?? 0);
  }

  /** A drain would take a partition that the lake is beyond of for one that is done. */
  private async checkEnds(): Promise<void> {
    const ends = await this.client.offsets('end');
    for (const partition of this.partitions) if (partition.position > (ends[partition.index] ?? 0)) await this.putRight(partition);
  }

  private lost(gap: OffsetGap): void {
    this.gaps.push(gap);
    this.options.log(`RECORDS ARE LOST: ${gapText(gap)}`);
  }

  private beyond({ index, position }: Partition, end: number): LakeError {
    return new LakeError(`partition ${index} of ${this.uri.topic} ends at offset ${end}, and the lake has read it up to ${position}`, {
      code: 'SOURCE_UNREADABLE',
      op: 'kafka',
      path: kafkaName(this.uri),
      hint: 'The topic has lost records that the lake has, or is another one under the same id: its new records can\'t be told from those. Make the topic again (it gets another id and is read from its beginning), or land it as another dataset.',
    });
  }
}
