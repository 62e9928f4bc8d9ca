"""The address that GitHub calls: an HTTP API with one route."""

from __future__ import annotations

from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_kms as kms
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from seed_code.project_template.functions import log_group

REQUESTS_A_SECOND, BURST = 50, 100
ACCESS = (
    '{"request":"$context.requestId","ip":"$context.identity.sourceIp","time":"$context.requestTime",'
    '"route":"$context.routeKey","status":"$context.status","latency":"$context.responseLatency"}'
)


class WebhookApi(Construct):
    """`url` is what goes into the repository's webhook. The function itself checks GitHub's signature."""

    def __init__(self, scope: Construct, webhook: lambda_.IFunction, key: kms.IKey | None) -> None:
        super().__init__(scope, "WebhookApi")
        self.api = apigateway.HttpApi(self, "Api", api_name="mlops-webhook", create_default_stage=False)
        (self.route,) = self.api.add_routes(
            path="/webhook",
            methods=[apigateway.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("Function", webhook),
        )
        logs = log_group(self, "/aws/apigateway/mlops-webhook", key)
        stage = apigateway.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",
            auto_deploy=True,
            access_log_settings=apigateway.CfnStage.AccessLogSettingsProperty(
                destination_arn=logs.log_group_arn, format=ACCESS
            ),
            default_route_settings=apigateway.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=REQUESTS_A_SECOND, throttling_burst_limit=BURST, detailed_metrics_enabled=True
            ),
        )
        self.url = f"{self.api.api_endpoint}/webhook"
        self.stage = stage
