"""The SageMaker instance types that a request may name for its Train step. Light.

CPU types of the current general, compute and memory families up to 16 vCPUs: nothing here trains on a GPU, and a typing
mistake cannot start a machine for thousands of rows that a small one trains in seconds. Every name is in the service's
`TrainingInstanceType` (docs.aws.amazon.com/sagemaker/latest/APIReference/API_ResourceConfig.html).
"""

from __future__ import annotations

from algorithms.metrics import LearningType

VCPUS = {"medium": 2, "large": 2, "xlarge": 4, "2xlarge": 8, "4xlarge": 16}

MEMORY_GIB = {
    "ml.t3": {"medium": 4, "large": 8, "xlarge": 16, "2xlarge": 32},
    "ml.m5": {"large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64},
    "ml.m6i": {"large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64},
    "ml.m7i": {"large": 8, "xlarge": 16, "2xlarge": 32, "4xlarge": 64},
    "ml.c5": {"xlarge": 8, "2xlarge": 16, "4xlarge": 32},
    "ml.c6i": {"xlarge": 8, "2xlarge": 16, "4xlarge": 32},
    "ml.c7i": {"xlarge": 8, "2xlarge": 16, "4xlarge": 32},
    "ml.r5": {"large": 16, "xlarge": 32, "2xlarge": 64, "4xlarge": 128},
    "ml.r6i": {"large": 16, "xlarge": 32, "2xlarge": 64, "4xlarge": 128},
}
"""GiB of memory by family and size (aws.amazon.com/ec2/instance-types)."""

INSTANCE_TYPES = tuple(f"{family}.{size}" for family, sizes in MEMORY_GIB.items() for size in sizes)

DEFAULT_INSTANCE_TYPE: dict[LearningType, str] = {
    "supervised": "ml.m5.large",
    "unsupervised": "ml.m5.large",
    "reinforcement": "ml.c5.xlarge",
}
"""Tables need memory more than cores; an environment needs a fast core."""
