"""What the synthesized templates hold."""

from __future__ import annotations

import fnmatch
import json
from importlib.resources import files
from typing import Any

import pytest

from lambda_bridge import handler
from lambda_bridge.aws_records import BY_GROUP, BY_STATE
from lambda_bridge.settings import COUNTS, MEANINGS, BridgeSettings
from seed_code.project_template.launch_role import ACTIONS, BESIDES, STACKS
from tests.aws.templates import flat, of_type, one, properties

FUNCTIONS = {
    "IssueDetectorAgent": "webhook",
    "mlops-task": "task",
    "mlops-pipeline-event": "pipeline_event",
    "mlops-sweep": "sweep",
}
DEPLOYED = ("MLOpsStack", "mlops", "studio")


@pytest.fixture(params=DEPLOYED)
def stack(request, template):
    return template(request.param)


def test_the_plain_template_needs_no_bootstrap(template):
    for name in ("mlops", "studio", "launch-role"):
        found = template(name)
        assert "Rules" not in found
        assert not any("Bootstrap" in parameter for parameter in found["Parameters"])
    assert "BootstrapVersion" in template("MLOpsStack")["Parameters"]


def test_code_and_source_are_those_of_the_template_unless_parameters_name_others(template, assembly):
    """An update keeps the values of parameters, defaults too: a file's name as a default would stay the older one."""
    for name in ("mlops", "studio"):
        found = template(name)
        for function in of_type(found, "Lambda::Function").values():
            assert function["Code"]["S3Bucket"] == {"Ref": "LambdaCodeBucket"}
            assert (assembly / _unless_given(found, "LambdaCodeKey", function["Code"]["S3Key"])).is_file()
        bucket, slash, key = one(found, "CodeBuild::Project")["Source"]["Location"]["Fn::Join"][1]
        assert (bucket, slash) == ({"Ref": "LambdaCodeBucket"}, "/")
        assert (assembly / _unless_given(found, "SourceKey", key)).is_file()


def _unless_given(found, parameter, value):
    condition, given, other = value["Fn::If"]
    assert found["Parameters"][parameter]["Default"] == "as-made"
    assert found["Conditions"][condition] == {"Fn::Not": [{"Fn::Equals": [{"Ref": parameter}, "as-made"]}]}
    assert given == {"Ref": parameter}
    return other


def test_functions(stack):
    found = {item["FunctionName"]: item for item in of_type(stack, "Lambda::Function").values()}
    assert {name: item["Handler"] for name, item in found.items()} == {
        name: f"lambda_bridge.handler.{handler}" for name, handler in FUNCTIONS.items()
    }
    for item in found.values():
        assert callable(getattr(handler, item["Handler"].rpartition(".")[2]))
        assert item["TracingConfig"] == {"Mode": "Active"}
    assert {name: item.get("ReservedConcurrentExecutions") for name, item in found.items()} == dict.fromkeys(FUNCTIONS)


def test_the_bridge_can_be_built_from_the_functions_environment(stack):
    values = {
        "GitHubRepository": "octo-org/models",
        "StorageBucket": "bucket-1",
        "StorageRuns": "runs",
        "StorageTopic": "arn:aws:sns:eu-west-1:123456789012:topic",
        **{
            name: parameter.get("Default", "")
            for name, parameter in stack["Parameters"].items()
            if "Default" in parameter
        },
    }
    for item in of_type(stack, "Lambda::Function").values():
        environment = item["Environment"]["Variables"]
        assert set(environment) <= set(MEANINGS)
        settings = BridgeSettings.from_environment(
            {name: str(_given(value, values)) for name, value in environment.items()}
        )
        assert settings.repository == "octo-org/models"
        assert settings.state_machine_arn.endswith(":stateMachine:MLOpsPipeline")
        assert settings.code_version.startswith("0.1.0 (package ")


def _given(value: Any, values: dict[str, Any]) -> Any:
    if isinstance(value, dict) and "Ref" in value:
        reference = value["Ref"]
        return next((found for name, found in values.items() if reference.startswith(name)), reference)
    text = flat(value).replace("{AWS::Partition}", "aws").replace("{AWS::Region}", "eu-west-1")
    return text.replace("{AWS::AccountId}", "123456789012")


def test_limits_are_parameters_with_the_bridges_own_bounds(stack):
    parameters = stack["Parameters"]
    environment = next(iter(of_type(stack, "Lambda::Function").values()))["Environment"]["Variables"]
    for variable, (default, low, high) in COUNTS.items():
        found = parameters[environment[variable]["Ref"]]
        assert (float(found["Default"]), found["MinValue"], found["MaxValue"]) == (default, low, high)


def test_the_state_machine_is_the_committed_file(stack):
    machine = one(stack, "StepFunctions::StateMachine")
    committed = files("lambda_bridge").joinpath("workflow.asl.json").read_text(encoding="utf-8")
    assert machine["DefinitionString"] == committed
    assert flat(machine["DefinitionSubstitutions"]["TaskFunctionArn"]).endswith(":function:mlops-task")
    assert machine["StateMachineName"] == "MLOpsPipeline"
    assert machine["TracingConfiguration"] == {"Enabled": True}
    assert machine["LoggingConfiguration"]["Level"] == "ALL"
    assert machine["LoggingConfiguration"]["IncludeExecutionData"] is False


def test_log_groups_have_the_names_that_people_know(stack):
    groups = {item["LogGroupName"]: item["RetentionInDays"] for item in of_type(stack, "Logs::LogGroup").values()}
    assert {"/aws/states/MLOpsPipeline", "/aws/lambda/IssueDetectorAgent"} <= groups.keys()
    assert groups.keys() >= {f"/aws/lambda/{name}" for name in FUNCTIONS}
    assert set(groups.values()) == {90}


def test_the_bucket_is_closed_and_keeps_what_it_is_given(stack):
    buckets = of_type(stack, "S3::Bucket")
    (bucket,) = (item for name, item in buckets.items() if name.startswith("StorageBucket"))
    assert bucket["VersioningConfiguration"] == {"Status": "Enabled"}
    for item in buckets.values():
        assert set(item["PublicAccessBlockConfiguration"].values()) == {True}
        assert item["BucketEncryption"]
    for policy in of_type(stack, "S3::BucketPolicy").values():
        denied = [statement for statement in policy["PolicyDocument"]["Statement"] if statement["Effect"] == "Deny"]
        assert any(statement["Condition"] == {"Bool": {"aws:SecureTransport": "false"}} for statement in denied)
    assert [resource["DeletionPolicy"] for resource in _resources(stack, "S3::Bucket")] == 2 * ["RetainExceptOnCreate"]


@pytest.mark.parametrize(
    "key",
    [
        "models/supervised/a/model.tar.gz",
        "models/none/empty",
        "datasets/iris/raw/train.csv",
        "datasets/x/raw/logs/a.csv",
    ],
)
def test_no_clock_removes_models_and_datasets(stack, key):
    for name, bucket in of_type(stack, "S3::Bucket").items():
        if name.startswith("StorageBucket"):
            for rule in bucket["LifecycleConfiguration"]["Rules"]:
                assert not key.startswith(rule["Prefix"]), rule


def test_the_run_table(stack):
    (table,) = _resources(stack, "DynamoDB::Table")
    assert table["DeletionPolicy"] == "Retain"  # it is protected: a creation that fails could not delete it
    table = one(stack, "DynamoDB::Table")
    assert table["KeySchema"] == [{"AttributeName": "id", "KeyType": "HASH"}]
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["TimeToLiveSpecification"] == {"AttributeName": "expires", "Enabled": True}
    indexes = {
        item["IndexName"]: [key["AttributeName"] for key in item["KeySchema"]]
        for item in table["GlobalSecondaryIndexes"]
    }
    assert indexes == {BY_GROUP: ["group", "updated"], BY_STATE: ["state", "updated"]}
    assert table["DeletionProtectionEnabled"] is True


def test_services_that_say_for_whom_they_act_take_roles_for_this_account_alone(stack):
    for name, role in of_type(stack, "IAM::Role").items():
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        service = trust["Principal"].get("Service", "lambda.amazonaws.com")
        limit = {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
        assert trust.get("Condition") == (None if service == "lambda.amazonaws.com" else limit), name


def test_secrets_are_made_unless_they_are_there(stack):
    secrets = {item["Properties"]["Name"]: item for item in _resources(stack, "SecretsManager::Secret")}
    assert secrets.keys() == {"github-token", "slack-webhook-url", "github-webhook-secret"}
    assert "GenerateSecretString" in secrets["github-webhook-secret"]["Properties"]
    for name in ("github-token", "slack-webhook-url"):
        assert not {"SecretString", "GenerateSecretString"} & secrets[name]["Properties"].keys()
    for item in secrets.values():
        (left, right) = stack["Conditions"][item["Condition"]]["Fn::Equals"]
        assert stack["Parameters"][left["Ref"]]["AllowedValues"] == ["create", "existing"]
        assert right == "create"


def test_nothing_refers_to_what_may_not_be_made(stack):
    """A condition takes a resource away, and references to it would be errors at the deployment."""
    conditional = {name for name, item in stack["Resources"].items() if "Condition" in item}
    assert conditional
    for name, item in stack["Resources"].items():
        if name not in conditional:
            assert not conditional & set(_references(item)), name
    assert not conditional & set(_references(stack["Outputs"]))


def test_mail_is_sent_where_an_address_is_given(stack):
    (subscription,) = _resources(stack, "SNS::Subscription")
    assert subscription["Properties"]["Endpoint"] == {"Ref": "NotificationEmail"}
    assert stack["Conditions"][subscription["Condition"]] == {
        "Fn::Not": [{"Fn::Equals": [{"Ref": "NotificationEmail"}, ""]}]
    }


def test_events_wake_the_functions(stack):
    found = of_type(stack, "Events::Rule")
    (pipelines,) = (rule for rule in found.values() if rule.get("EventPattern", {}).get("source") == ["aws.sagemaker"])
    assert pipelines["EventPattern"]["detail-type"] == [
        "SageMaker Model Building Pipeline Execution Status Change",
        "SageMaker Model Building Pipeline Execution Step Status Change",
    ]
    assert [flat(arn).rpartition("/")[2] for arn in pipelines["EventPattern"]["detail"]["pipelineArn"]] == [
        "mlops-supervised",
        "mlops-unsupervised",
        "mlops-reinforcement",
        "mlops-supervised-tuning",
        "mlops-unsupervised-tuning",
        "mlops-supervised-distributed",
        "mlops-model-check",
    ]
    (schedule,) = (rule for rule in found.values() if "ScheduleExpression" in rule)
    assert schedule["ScheduleExpression"] == "rate(5 minutes)"
    (deployed,) = (
        rule for rule in found.values() if rule.get("EventPattern", {}).get("source") == ["aws.cloudformation"]
    )
    assert "CREATE_COMPLETE" in deployed["EventPattern"]["detail"]["status-details"]["status"]
    for rule in found.values():
        for target in rule["Targets"]:
            assert "DeadLetterConfig" in target


def test_only_signed_deliveries_have_a_way_in(stack):
    (route,) = of_type(stack, "ApiGatewayV2::Route").values()
    assert route["RouteKey"] == "POST /webhook"
    assert one(stack, "ApiGatewayV2::Stage")["DefaultRouteSettings"]["ThrottlingRateLimit"] == 50


def test_codebuild_owns_image_and_pipelines(stack):
    project = one(stack, "CodeBuild::Project")
    assert project["Source"]["BuildSpec"] == "buildspec.yml"
    assert project["Environment"]["PrivilegedMode"] is True
    assert one(stack, "ECR::Repository")["RepositoryName"] == "mlops-pipeline"
    assert not any("SageMaker" in item["Type"] for item in stack["Resources"].values())


def test_the_dashboard_shows_what_people_ask_for(stack):
    dashboard = one(stack, "CloudWatch::Dashboard")
    assert dashboard["DashboardName"] == "MLOps-Pipeline-Dashboard"
    body = flat(dashboard["DashboardBody"])
    for shown in (
        *("ExecutionsStarted", "success rate", "ExecutionTime", "Errors", "waited for people", "Retries"),
        *("EstimatedCharges", "SweepRepairs", "WaitingRuns"),
    ):
        assert shown in body, shown
    json.loads(body)


def test_alarms_tell_people(stack):
    alarms = {item["AlarmName"]: item for item in of_type(stack, "CloudWatch::Alarm").values()}
    assert alarms.keys() >= {
        f"mlops-{name}"
        for name in ("failures", "stuck-waits", "dead-letters", "throttles", "webhook-5xx", "sweep-repairs")
    }
    topic = next(name for name, item in stack["Resources"].items() if item["Type"] == "AWS::SNS::Topic")
    for item in alarms.values():
        assert item["AlarmActions"] == [{"Ref": topic}]


def test_everything_that_can_be_is_tagged(stack):
    for name, item in stack["Resources"].items():
        tags = item.get("Properties", {}).get("Tags")
        if isinstance(tags, list):
            assert {"Key": "project", "Value": "mlops-pipeline"} in tags, name
        elif isinstance(tags, dict):
            assert tags["project"] == "mlops-pipeline", name


def test_studio_finds_its_projects_resources(template):
    found = template("studio")
    assert {"SageMakerProjectName", "SageMakerProjectId"} <= found["Parameters"].keys()
    table = one(found, "DynamoDB::Table")
    tags = {tag["Key"]: tag["Value"] for tag in table["Tags"]}
    assert tags["sagemaker:project-name"] == {"Ref": "SageMakerProjectName"}
    assert tags["sagemaker:project-id"] == {"Ref": "SageMakerProjectId"}


def test_the_launch_role_may_make_what_the_studio_template_holds(template):
    services = {item["Type"].split("::")[1].lower() for item in template("studio")["Resources"].values()}
    renamed = {"apigatewayv2": "apigateway", "stepfunctions": "states"}
    assert {renamed.get(service, service) for service in services} - {"iam"} <= ACTIONS.keys()
    for item in _resources(template("launch-role"), "IAM::ManagedPolicy"):
        text = json.dumps(_rendered(item["Properties"]["PolicyDocument"]), separators=(",", ":"))
        assert 1_000 < len(text) < 6_144  # "IAM and AWS STS quotas"


def test_the_launch_role_reads_the_copy_that_service_catalog_makes_of_the_template(template):
    policies = _resources(template("launch-role"), "IAM::ManagedPolicy")
    statements = [one for item in policies for one in item["Properties"]["PolicyDocument"]["Statement"]]
    condition = {"StringEquals": {"s3:ExistingObjectTag/servicecatalog:provisioning": "true"}}
    assert [one["Action"] for one in statements if one.get("Condition") == condition] == ["s3:GetObject"]
    (unnamed,) = (one for one in statements if "ec2:DescribeVpcs" in one["Action"])
    assert unnamed["Resource"] == "*"
    assert "cloudformation:GetTemplateSummary" in unnamed["Action"]


def test_the_launch_role_has_no_action_that_nothing_needs(template):
    """CloudFormation's own schemas say what each of its resource types does in an account."""
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    named = set()
    for kind in {item["Type"] for item in template("studio")["Resources"].values()}:
        schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", kind).schema
        for handled in schema.get("handlers", {}).values():
            named |= {action.lower() for action in handled.get("permissions", [])}
    given = {f"{service}:{action}" for service, actions in ACTIONS.items() for action in actions}
    needless = {action for action in given if action.lower() not in named}
    assert not {action for action in needless if not {action, action.split(":")[0]} & BESIDES.keys()}


def test_the_launch_role_reaches_stacks_of_service_catalog_alone(template):
    for item in _resources(template("launch-role"), "IAM::ManagedPolicy"):
        for statement in item["Properties"]["PolicyDocument"]["Statement"]:
            resources = statement["Resource"]
            for resource in resources if isinstance(resources, list) else [resources]:
                arn = flat(resource)
                if ":role/" in arn or ":table/" in arn or ":stack/" in arn:
                    assert fnmatch.fnmatch(arn.rpartition("/")[2], STACKS)


class TestEveryOption:
    def test_one_key_encrypts_everything(self, optional):
        (key,) = (name for name, item in optional["Resources"].items() if item["Type"] == "AWS::KMS::Key")
        arn = {"Fn::GetAtt": [key, "Arn"]}
        assert properties(optional, key)["EnableKeyRotation"] is True
        for item in (
            *of_type(optional, "Logs::LogGroup").values(),
            *of_type(optional, "Lambda::Function").values(),
            *of_type(optional, "SecretsManager::Secret").values(),
            *(item for name, item in of_type(optional, "S3::Bucket").items() if name.startswith("StorageBucket")),
            one(optional, "DynamoDB::Table"),
            one(optional, "SNS::Topic"),
            one(optional, "SQS::Queue"),
            one(optional, "ECR::Repository"),
            one(optional, "CodeBuild::Project"),
        ):
            assert json.dumps(arn) in json.dumps(item) or json.dumps({"Ref": key}) in json.dumps(item)

    def test_every_role_is_bounded(self, optional):
        for item in of_type(optional, "IAM::Role").values():
            assert item["PermissionsBoundary"] == "arn:aws:iam::123456789012:policy/Bound"

    def test_the_launch_role_is_bounded_too(self, optional_folder):
        found = json.loads((optional_folder / "launch-role.template.json").read_text())
        assert one(found, "IAM::Role")["PermissionsBoundary"] == "arn:aws:iam::123456789012:policy/Bound"

    def test_functions_and_build_run_in_the_vpc(self, optional):
        subnets = ["subnet-0123456789abcdef0", "subnet-0123456789abcdef1"]
        for item in of_type(optional, "Lambda::Function").values():
            assert item["VpcConfig"]["SubnetIds"] == subnets
        assert one(optional, "CodeBuild::Project")["VpcConfig"]["Subnets"] == subnets
        (rule,) = one(optional, "EC2::SecurityGroup")["SecurityGroupEgress"]
        assert (rule["IpProtocol"], rule["FromPort"], rule["ToPort"]) == ("tcp", 443, 443)

    def test_build_and_bridge_know_the_same_settings(self, optional):
        variables = one(optional, "CodeBuild::Project")["Environment"]["EnvironmentVariables"]
        (built,) = (item["Value"] for item in variables if item["Name"] == "MLOPS_PIPELINE_SETTINGS")
        assert '"spot_training": true' in flat(built)
        for item in of_type(optional, "Lambda::Function").values():
            assert item["Environment"]["Variables"]["MLOPS_PIPELINE_SETTINGS"] == built

    def test_the_workflow_of_one_repository_may_do_what_the_build_does(self, optional):
        actions, build = (
            next(item for name, item in of_type(optional, "IAM::Role").items() if name.startswith(start))
            for start in ("ActionsRole", "BuildRole")
        )
        (trust,) = actions["AssumeRolePolicyDocument"]["Statement"]
        assert trust["Action"] == "sts:AssumeRoleWithWebIdentity"
        assert flat(trust["Principal"]["Federated"]).endswith(":oidc-provider/token.actions.githubusercontent.com")
        claims = {key.partition(":")[2]: value for key, value in trust["Condition"]["StringEquals"].items()}
        assert claims == {"aud": "sts.amazonaws.com", "sub": "repo:octo-org/pipelines:environment:aws"}
        granted = _actions(actions)
        assert granted <= _actions(build)
        assert {"ecr:PutImage", "sagemaker:UpdatePipeline", "iam:PassRole"} <= granted
        assert "ActionsRoleArn" in optional["Outputs"]

    def test_pushes_are_built_through_the_connection(self, optional):
        project = one(optional, "CodeBuild::Project")
        assert project["Source"]["Auth"]["Type"] == "CODECONNECTIONS"
        assert project["Source"]["Location"] == "https://github.com/octo-org/models.git"
        assert project["Triggers"]["Webhook"] is True

    def test_one_sweep_at_a_time(self, optional, template):
        for found, reserved in ((optional, {"mlops-sweep": 1}), (template("mlops"), {})):
            functions = of_type(found, "Lambda::Function").values()
            given = {one["FunctionName"]: one.get("ReservedConcurrentExecutions") for one in functions}
            assert given == {**dict.fromkeys(FUNCTIONS), **reserved}

    def test_the_alarm_of_a_training_knows_how_long_one_may_take(self, optional, template):
        stuck = [
            alarm["Threshold"]
            for found in (template("mlops"), optional)
            for alarm in of_type(found, "CloudWatch::Alarm").values()
            if alarm["AlarmName"] == "mlops-stuck-training"
        ]
        assert stuck == [2 * (24 + 2), 2 * (24 + 2 + 12)]


def _rendered(value):
    """With short names in the place of references."""
    if isinstance(value, list):
        return [_rendered(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    if len(value) == 1 and next(iter(value)).startswith(("Fn::", "Ref")):
        return flat(value)
    return {key: _rendered(inner) for key, inner in value.items()}


def _resources(template, kind):
    return [item for item in template["Resources"].values() if item["Type"] == f"AWS::{kind}"]


def _references(value):
    if isinstance(value, dict):
        for key, inner in value.items():
            if key == "Ref":
                yield inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            elif key == "DependsOn":
                yield from [inner] if isinstance(inner, str) else inner
            else:
                yield from _references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _references(inner)


def _actions(role):
    """Those that the role's own policies name."""
    statements = [statement for policy in role["Policies"] for statement in policy["PolicyDocument"]["Statement"]]
    named = [[action] if isinstance(action, str) else action for action in (item["Action"] for item in statements)]
    return {action for actions in named for action in actions}
