import { Consumer } from '@platformatic/kafka';
import type { Clock } from '../clock.js';
import type { LakeError } from '../errors.js';
import { clientOptions } from './kafka-client.js';
import { hide, isPassing, kafkaError } from './kafka-error.js';
import type { KafkaUri } from './kafka-uri.js';

/** A consumer that says nothing for so long is taken to be dead. A wrong verdict costs some work and no row, so it is short. */
const sessionTimeoutMs = 15_000;
const rebalanceTimeoutMs = 15_000;
const heartbeatMs = 2_000;
/** Joining waits for the others to join again. */
const requestTimeoutMs = 45_000;
const startTimeoutMs = 30_000;
const backoffMs = 1_000;
const leaveTimeoutMs = 5_000;
/** The library never looks again for a coordinator that has moved: after so many failures in a row it is begun anew. */
const maxHeartbeatFailures = 3;

export interface MembershipEvents {
  /** The partitions that are this member's from now on. */
  readonly assigned: (partitions: readonly number[]) => void;
  /** Partitions are about to be divided anew. */
  readonly rebalancing: () => void;
  /** Can't be put right by trying again. */
  readonly failed: (error: LakeError) => void;
}

/**
 * Membership of a consumer group. It divides the partitions, and nothing else: where to begin is what the lake says, and the
 * offsets that are told to the group are for tools that show lag.
 */
export class Membership {
  private consumer: Consumer | null = null;
  private closed = false;
  private leads = false;
  /** It is not known yet what is this member's. */
  joining = true;
  private failures = 0;
  private committing: Promise<void> | null = null;
  private untold: ReadonlyMap<number, number> = new Map();
  private owned: ReadonlySet<number> = new Set();

  constructor(
    private readonly uri: KafkaUri,
    private readonly group: string,
    private readonly clock: Clock,
    private readonly log: (text: string) => void,
    private readonly events: MembershipEvents,
  ) {}

  /** Joins, and stays a member until it is closed. @throws LakeError when the group can't be joined within half a minute */
  async start(): Promise<void> {
    await this.joinWithin(this.clock.nowMs() + startTimeoutMs);
  }

  /** Has the partitions divided anew: the topic has more of them now. Only the member that divides needs to. */
  async divideAgain(): Promise<void> {
    if (!this.leads || this.consumer === null) return;
    this.events.rebalancing();
    // It divides by what it has kept of the topic.
    this.consumer.clearMetadata();
    await this.consumer.joinGroup({}).catch(() => this.again());
  }

  /** Tells the group how far the lake is, for tools that show lag. Nothing waits for it, and nothing reads it. */
  tell(offsets: ReadonlyMap<number, number>): void {
    this.untold = new Map([...this.untold, ...offsets]);
    this.committing ??= this.commit().finally(() => {
      this.committing = null;
    });
  }

  private async commit(): Promise<void> {
    while (this.untold.size > 0 && this.consumer !== null) {
      const own = [...this.untold].filter(([partition]) => this.owned.has(partition));
      this.untold = new Map();
      if (own.length === 0) return;
      const offsets = own.map(([partition, offset]) => ({ topic: this.uri.topic, partition, offset: BigInt(offset), leaderEpoch: -1 }));
      await this.consumer.commit({ offsets }).catch(() => undefined);
    }
  }

  async close(): Promise<void> {
    this.closed = true;
    await this.within(this.committing ?? Promise.resolve());
    await this.drop();
  }

  private async join(): Promise<void> {
    const consumer = new Consumer({
      ...clientOptions(this.uri),
      groupId: this.group,
      requestTimeout: requestTimeoutMs,
      sessionTimeout: sessionTimeoutMs,
      rebalanceTimeout: rebalanceTimeoutMs,
      heartbeatInterval: heartbeatMs,
    });
    this.consumer = consumer;
    this.failures = 0;
    consumer.topics.track(this.uri.topic);
    consumer.on('consumer:group:join', ({ isLeader, assignments }) => {
      if (consumer !== this.consumer) return;
      this.leads = isLeader === true;
      this.failures = 0;
      this.assign((assignments ?? []).filter(({ topic }) => topic === this.uri.topic).flatMap(({ partitions }) => partitions));
    });
    consumer.on('consumer:group:rebalance', () => this.events.rebalancing());
    consumer.on('consumer:heartbeat:end', () => {
      this.failures = 0;
    });
    consumer.on('consumer:heartbeat:error', () => {
      if (consumer === this.consumer && ++this.failures >= maxHeartbeatFailures) void this.again();
    });
    consumer.on('error', () => {
      if (consumer === this.consumer) void this.again();
    });
    try {
      await consumer.joinGroup({});
    } catch (error) {
      throw hide(kafkaError(error, this.uri), this.uri);
    }
  }

  private assign(partitions: readonly number[]): void {
    this.owned = new Set(partitions);
    this.joining = false;
    this.events.assigned(partitions);
  }

  /** Begins anew, until it is a member again. What it had goes on being read meanwhile: whoever else reads it too, the lake takes each offset once. */
  private async again(): Promise<void> {
    this.joining = true;
    await this.drop();
    await this.joinWithin(Infinity).catch((error: unknown) => this.events.failed(kafkaError(error, this.uri)));
  }

  /** A coordinator may be absent for a while: of a new cluster, or while it moves. */
  private async joinWithin(deadlineMs: number): Promise<void> {
    for (let said = false; !this.closed; said = true) {
      try {
        await this.join();
        return;
      } catch (error) {
        await this.drop();
        const reason = kafkaError(error, this.uri);
        if (!isPassing(reason) || this.clock.nowMs() > deadlineMs) throw reason;
        if (!said) this.log(`${reason.message}; joining the group again`);
        await this.clock.sleep(backoffMs);
      }
    }
  }

  /** Waits for what ends a membership, and not for long: the brokers may be away. */
  private async within(work: Promise<void>): Promise<void> {
    const done = new AbortController();
    await Promise.race([work, this.clock.sleep(leaveTimeoutMs, done.signal)]);
    done.abort();
  }

  private async drop(): Promise<void> {
    const { consumer } = this;
    this.consumer = null;
    if (consumer === null) return;
    await this.within(new Promise<void>((resolve) => consumer.close(true, () => resolve())));
    // Where leaving fails the library leaves its connections open.
    await Promise.resolve(consumer.connections.close()).catch(() => undefined);
  }
}
