import type { Clock } from '../clock.js';
import { LakeError } from '../errors.js';
import type { Change } from './change.js';
import type { Partition } from './kafka-partition.js';
import type { Topic } from './kafka-topic.js';
import { kafkaName, type KafkaUri } from './kafka-uri.js';

/** How often the lake is asked. */
const pollMs = 1_000;
/** Others that land nothing for so long are not waited for: a dead one would have left the group by then. */
const timeoutMs = 60_000;

/** What the other members of a group land: a drain ends when all of the topic is in the lake, whoever has landed it. */
export class Others {
  readonly failures: LakeError[] = [];
  private readonly landed = new Map<string, number>();
  private left: readonly Partition[] = [];
  private sinceMs = 0;
  private asking = false;

  constructor(
    private readonly uri: KafkaUri,
    private readonly topic: Topic,
    private readonly clock: Clock,
    private readonly changed: Change,
  ) {}

  /** True when the lake has all of these partitions, or when they are not waited for any more. @param begun is called when waiting begins */
  haveLanded(left: readonly Partition[], signal: AbortSignal, begun: () => void): boolean {
    this.left = left;
    if (this.failures.length > 0 || this.absent().length === 0) return true;
    if (!this.asking) {
      this.asking = true;
      this.waitAnew();
      begun();
      void this.ask(signal);
    }
    return false;
  }

  /** The partitions were divided anew: whoever has got them may need a while. */
  waitAnew(): void {
    this.sinceMs = this.clock.nowMs();
  }

  private absent(): Partition[] {
    return this.left.filter(({ appId, target }) => (this.landed.get(appId) ?? 0) < (target ?? 0));
  }

  private async ask(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const stored = await this.topic.stored().catch(() => null);
      for (const partition of stored === null ? [] : this.topic.partitions) {
        const offset = stored?.(partition) ?? 0;
        if (offset > (this.landed.get(partition.appId) ?? 0)) this.waitAnew();
        this.landed.set(partition.appId, offset);
      }
      const absent = this.absent();
      if (absent.length > 0 && this.clock.nowMs() - this.sinceMs > timeoutMs) this.failures.push(this.notLanded(absent));
      this.changed.fire();
      if (absent.length === 0 || this.failures.length > 0) break;
      await this.clock.sleep(pollMs, signal);
    }
    this.asking = false;
  }

  private notLanded(absent: readonly Partition[]): LakeError {
    const { topic, group } = this.uri;
    return new LakeError(`partitions ${absent.map(({ index }) => index).join(', ')} of ${topic} are other members' of the group ${group ?? ''}, and nothing of them has landed for ${timeoutMs / 1000} s`, {
      code: 'SOURCE_UNREADABLE',
      op: 'kafka',
      path: kafkaName(this.uri),
      hint: 'A group is for the consumers of one dataset in one lake: give each its own, and look whether the others are at work.',
    });
  }
}
