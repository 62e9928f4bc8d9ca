"""The network of functions and builds, where a deployment names a VPC."""

from __future__ import annotations

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from seed_code.project_template.functions import Network
from seed_code.project_template.options import Options

HTTPS = 443


def network_of(scope: Construct, options: Options) -> Network | None:
    """The VPC, its subnets and security groups as they are; a group that lets HTTPS out is made where none is named."""
    if options.vpc_id is None:
        return None
    vpc = ec2.Vpc.from_vpc_attributes(
        scope,
        "Vpc",
        vpc_id=options.vpc_id,
        availability_zones=[f"zone-{number}" for number, _ in enumerate(options.subnet_ids)],
        private_subnet_ids=list(options.subnet_ids),
    )
    groups = [ec2.SecurityGroup.from_security_group_id(scope, name, name) for name in options.security_group_ids]
    return Network(vpc, vpc.private_subnets, groups or [_outward(scope, vpc)])


def _outward(scope: Construct, vpc: ec2.IVpc) -> ec2.SecurityGroup:
    group = ec2.SecurityGroup(
        scope, "Outward", vpc=vpc, description="MLOps: HTTPS out, nothing in", allow_all_outbound=False
    )
    group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(HTTPS), "AWS, GitHub, Slack")
    return group
