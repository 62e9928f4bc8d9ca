"""The whole system on one machine.

command line    `cli`, over `run`, `listing`, `datasets`; `console` shows, `report` answers, `issue_file` reads
workspace       `workspace` (one process at a time), `store` (SQLite), `objects` (the bucket), `runs` (issues)
SageMaker       `sagemaker` (boto3's methods), over `engine`, `scheduler`, `step_runner`, one each for all executions,
                one execution and one step; `executions`, `catalog` and `registry` keep their records
definitions     `definitions`, `parameters`, `expressions`, `conditions`, `retries`, `cache`
jobs            `jobs` (the container contract), `workers` (processes), `guard`, `archives`
shapes          `arns`, `responses`, `client_errors`, `events`
"""
