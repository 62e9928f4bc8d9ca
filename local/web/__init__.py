"""What `mlops up` serves over HTTP: `app` puts it together, `webhook` and `sagemaker` are parts of it."""
