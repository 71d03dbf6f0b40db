import { GatewayVpcEndpointAwsService, InterfaceVpcEndpointAwsService, IpAddresses, Peer, Port, SecurityGroup, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import { Construct } from 'constructs';
import { enginePort, type InfraConfig } from '../config.js';

/** Services that tasks talk to beside S3, whose endpoint costs nothing. */
const services = {
  Sqs: InterfaceVpcEndpointAwsService.SQS,
  EcrApi: InterfaceVpcEndpointAwsService.ECR,
  EcrDocker: InterfaceVpcEndpointAwsService.ECR_DOCKER,
  Logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
} as const;

/** Subnets without a way to the internet: tasks reach S3, the queue, the images and the logs, and nothing else. */
export class Network extends Construct {
  readonly vpc: Vpc;
  /** Of all tasks: nobody may connect to them. */
  readonly tasks: SecurityGroup;

  constructor(scope: Construct, id: string, config: InfraConfig) {
    super(scope, id);
    this.vpc = new Vpc(this, 'Vpc', {
      ipAddresses: IpAddresses.cidr('10.20.0.0/20'),
      maxAzs: 2,
      natGateways: 0,
      subnetConfiguration: [{ name: 'tasks', subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 23 }],
      gatewayEndpoints: { S3: { service: GatewayVpcEndpointAwsService.S3 } },
    });
    this.tasks = new SecurityGroup(this, 'Tasks', { vpc: this.vpc, description: 'Ingot: tasks', allowAllOutbound: false });
    // S3 is reached by its public addresses, by way of the gateway endpoint.
    this.tasks.addEgressRule(Peer.anyIpv4(), Port.tcp(443), 'S3 and the endpoints');
    const port = enginePort(config);
    if (port !== null) this.tasks.addEgressRule(Peer.ipv4('10.0.0.0/8'), Port.tcp(port), 'the engine, in a private network');

    const endpoints = new SecurityGroup(this, 'Endpoints', { vpc: this.vpc, description: 'Ingot: endpoints', allowAllOutbound: false });
    endpoints.addIngressRule(this.tasks, Port.tcp(443), 'tasks');
    const all = { ...services, ...(config.engineSecretArn === undefined ? {} : { Secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER }) };
    for (const [name, service] of Object.entries(all)) this.vpc.addInterfaceEndpoint(name, { service, securityGroups: [endpoints], open: false });
  }
}
