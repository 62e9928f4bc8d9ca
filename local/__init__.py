"""The whole system on one machine.

command line    `cli`, over `run`, `listing`, `datasets`; `console` shows, `report` answers, `issue_file` reads,
                `session` is the person at the terminal, `signals` cancel, `environment` is what it takes from there
the loop        `bridge` composes it, `worker` does it, `deliveries` brings webhooks; `github/` is a small GitHub
workspace       `workspace` (one process at a time), `store` (SQLite), `objects` (the bucket), `issue_runs` (which file
                is which issue)
ports           `run_records` (DynamoDB on AWS), `artifacts` (S3), `notices` (SNS and Slack)
Step Functions  `step_functions` (boto3's methods), over `state_machine`, `state_journal`, `asl`, `asl_definition`
SageMaker       `sagemaker` (boto3's methods), over `engine`, `scheduler`, `step_runner`, one each for all executions,
                one execution and one step; `executions`, `catalog` and `registry` keep their records
definitions     `definitions`, `parameters`, `expressions`, `conditions`, `retries`, `cache`
jobs            `jobs` (the container contract), `tuning` and `tuner` (searches), `workers` (processes), `warm` and
                `warm_server` (forks of a process with the libraries loaded), `guard`, `archives`
shapes          `arns`, `responses`, `client_errors`, `events`
"""
