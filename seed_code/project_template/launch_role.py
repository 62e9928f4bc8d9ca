"""stub"""
from aws_cdk import Stack
class LaunchRoleStack(Stack):
    def __init__(self, scope, name, options, **more):
        super().__init__(scope, name, **more)
