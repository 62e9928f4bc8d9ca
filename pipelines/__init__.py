"""What runs on SageMaker Pipelines: the request, its parameters, and the pipelines."""
