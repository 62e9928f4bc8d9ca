"""What a deployment consists of: the CDK app, and the CloudFormation templates that are made of it.

`app` is what `cdk deploy` runs; `synth` writes the templates without an account. `stack` puts the parts together:
`storage`, `secrets`, `functions`, `workflow`, `webhook_api`, `events`, `build`, `observability`. `access` holds every
policy, `options` what a deployment may choose, `package` the functions' zip.
"""
