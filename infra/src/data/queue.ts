import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import { Queue, QueueEncryption } from 'aws-cdk-lib/aws-sqs';
import { Construct } from 'constructs';
import type { InfraConfig } from '../config.js';

/** Longer than the queue's: a message's age goes on counting when it is moved. */
const deadDays = 14;
const waitingDays = 7;

/**
 * Where producers put events. Ingot lands bad messages as rejected rows, so what comes to the dead-letter queue is not bad
 * in itself: its consumers have died, again and again. `start-message-move-task` takes it back.
 */
export class EventQueue extends Construct {
  readonly queue: Queue;
  readonly dead: Queue;

  constructor(scope: Construct, id: string, config: InfraConfig) {
    super(scope, id);
    // SQS's own keys: producers in other services and accounts need no leave to use a key of ours.
    const closed = { encryption: QueueEncryption.SQS_MANAGED, enforceSSL: true, removalPolicy: RemovalPolicy.RETAIN };
    this.dead = new Queue(this, 'Dead', { ...closed, retentionPeriod: Duration.days(deadDays) });
    this.queue = new Queue(this, 'Queue', {
      ...closed,
      retentionPeriod: Duration.days(waitingDays),
      // Ingot asks for this time itself with each receive, and begins it anew while a window is open.
      visibilityTimeout: Duration.seconds(config.visibilityS),
      receiveMessageWaitTime: Duration.seconds(20),
      deadLetterQueue: { queue: this.dead, maxReceiveCount: config.maxReceives },
    });
  }
}
